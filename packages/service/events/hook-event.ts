/** What webhooks can be told of. Harbor's names where Harbor has the thing. */
export const EVENT_TYPES = [
  "PUSH_ARTIFACT",
  "PULL_ARTIFACT",
  "DELETE_ARTIFACT",
  "CREATE_TAG",
  "DELETE_TAG",
  "REPLICATION",
  "REPLICATION_LAG",
  "BACKUP_FAILED",
  "DRILL_FAILED",
] as const;

/** One of them, or a test's. */
export type EventType = (typeof EVENT_TYPES)[number];

/** An artifact that an event is about. */
export interface HookResource {
  readonly digest: string;
  /** The digest, if the artifact went by that. */
  readonly tag: string;
}

/** Something that has happened. */
export interface HookEvent {
  /** The same whenever it is told again, on whichever node. */
  readonly id: string;
  readonly type: EventType;
  readonly at: Date;
  readonly operator: string;
  /** The project's name; null for what belongs to none. */
  readonly project: string | null;
  readonly about:
    | { readonly repository: string; readonly resources: readonly HookResource[] }
    | { readonly replication: Readonly<Record<string, unknown>> }
    | { readonly recovery: Readonly<Record<string, unknown>> };
}
