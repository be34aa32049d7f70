import type { EventType, HookEvent } from "./hook-event.ts";

/** How a webhook wants to be told. */
export type PayloadFormat = "Default" | "CloudEvents";

/** A body as it is sent, the same at every attempt. */
export interface Payload {
  readonly contentType: string;
  readonly body: string;
}

/** What a payload says of the webhook and of this registry. */
export interface PayloadContext {
  readonly format: PayloadFormat;
  /** `host[:port]`, as clients know it; empty if that is not known. */
  readonly host: string;
  /** Whether anybody may pull from the project. */
  readonly isPublic: boolean;
  /** Path of the webhook in the API. */
  readonly source: string;
}

const CLOUD_TYPES: Readonly<Record<EventType, string>> = {
  PUSH_ARTIFACT: "harbor.artifact.pushed",
  PULL_ARTIFACT: "harbor.artifact.pulled",
  DELETE_ARTIFACT: "harbor.artifact.deleted",
  CREATE_TAG: "harbor.tag.created",
  DELETE_TAG: "harbor.tag.deleted",
  REPLICATION: "harbor.replication.status.changed",
  REPLICATION_LAG: "entrepot.replication.lag",
  BACKUP_FAILED: "entrepot.backup.failed",
  DRILL_FAILED: "entrepot.drill.failed",
};

/** `event` in Harbor's own form or as a CloudEvent (structured mode). Source: CloudEvents 1.0. */
export function payloadOf(event: HookEvent, context: PayloadContext): Payload {
  const data = dataOf(event, context);
  if (context.format === "Default") {
    const { type, operator } = event;
    const occur_at = Math.floor(event.at.getTime() / 1000);
    const body = JSON.stringify({ type, occur_at, operator, event_data: data });
    return { contentType: "application/json", body };
  }
  const body = JSON.stringify({
    specversion: "1.0",
    id: event.id,
    source: context.source,
    type: CLOUD_TYPES[event.type],
    time: event.at.toISOString(),
    operator: event.operator,
    datacontenttype: "application/json",
    data,
  });
  return { contentType: "application/cloudevents+json", body };
}

function dataOf({ about, at }: HookEvent, { host, isPublic }: PayloadContext) {
  if ("replication" in about) return { replication: about.replication };
  if ("recovery" in about) return { recovery: about.recovery };
  const { repository, resources } = about;
  const slash = repository.indexOf("/");
  return {
    resources: resources.map(({ digest, tag }) => ({
      digest,
      tag,
      resource_url: `${host && `${host}/`}${repository}${tag === digest ? "@" : ":"}${tag}`,
    })),
    repository: {
      date_created: Math.floor(at.getTime() / 1000),
      name: repository.slice(slash + 1),
      namespace: repository.slice(0, slash),
      repo_full_name: repository,
      repo_type: isPublic ? "public" : "private",
    },
  };
}
