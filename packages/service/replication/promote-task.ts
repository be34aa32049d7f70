import type { Actor } from "@entrepot/catalog";
import type { Jobs, TaskHandler, TaskRun } from "@entrepot/jobs";
import { type Digest, RegistryError } from "@entrepot/oci";
import { copyGraph, copyTag } from "@entrepot/registry";
import { watchCopy } from "./copy-progress.ts";
import { heldBack } from "./failure.ts";
import { endpointGroup } from "./limit-groups.ts";
import { VENDOR } from "./policies.ts";
import type { Origin } from "./ports.ts";
import { type ReplicateOptions, retryDelays } from "./replicate-task.ts";
import { sourceSide } from "./source-side.ts";

/** The kind of the task that brings one artifact to an endpoint because somebody asked for it. */
export const PROMOTE = "promote";

/** Attempts of one task: after them somebody has to ask again. */
const ATTEMPTS = 6;

/** Which artifact goes where. */
export interface Promotion {
  readonly endpointId: number;
  /** Here. */
  readonly repository: string;
  readonly digest: Digest;
  /** There. */
  readonly target: string;
  /** What it shall be called there; empty: only its digest. */
  readonly tags: readonly string[];
}

/** Starts what brings an artifact to an endpoint; returns the execution's id. */
export function startPromotion(jobs: Jobs, promotion: Promotion, actor: Actor): Promise<number> {
  const { endpointId, target, digest } = promotion;
  const task = {
    kind: PROMOTE,
    lane: `promote:${endpointId}/${target}@${digest}`,
    payload: { ...promotion },
    groups: [endpointGroup(endpointId)],
  };
  return jobs.execute({
    vendor: VENDOR,
    vendorId: 0,
    trigger: "manual",
    actor: actor.name,
    plan: promotion,
    tasks: [task],
  });
}

/**
 * Brings an artifact, with what refers to it, to an endpoint, and points tags at it there: content
 * first, tags last. Without a policy: nothing is kept of it but its execution. May be repeated.
 */
export function promoteTask(options: Omit<ReplicateOptions, "policies">): TaskHandler {
  const { catalog, endpoints, local, pace, transport } = options;
  return {
    kind: PROMOTE,
    maxAttempts: ATTEMPTS,
    retryDelayMs: retryDelays(pace),
    heldBack,
    async run(run) {
      const promotion = run.task.payload as unknown as Promotion;
      const remote = await endpoints.site(promotion.endpointId);
      const { registryId } = catalog;
      const origin = { registry: registryId, seq: await catalog.head(), path: [registryId] };
      const how = transport.to(promotion.endpointId);
      await carry(promotion, { local, remote, origin, run, how });
    },
  };
}

type Sides = Pick<ReplicateOptions, "local"> & {
  readonly remote: ReplicateOptions["local"];
  readonly origin: Origin;
  readonly run: TaskRun;
  readonly how: ReturnType<ReplicateOptions["transport"]["to"]>;
};

async function carry(promotion: Promotion, sides: Sides): Promise<void> {
  const { local, remote, origin, run, how } = sides;
  const { repository, digest, tags } = promotion;
  const source = sourceSide(local.registry(origin).repository(repository));
  const content = await source.resolve(digest);
  if (!content) {
    throw new RegistryError(
      "UNSUPPORTED",
      `${repository}@${digest} has been deleted since; nothing is promoted`,
    );
  }
  await remote.prepare(promotion.target, () => local.isPublic(repository));
  const target = remote.registry(origin).repository(promotion.target);
  const mountFrom = remote.mountFrom?.bind(remote);
  const watched = watchCopy((progress) => run.progress(progress));
  const copy = {
    signal: run.signal,
    draining: run.draining,
    referrers: true,
    ...how,
    ...watched.options,
    ...(mountFrom && { mountFrom }),
  };
  run.log("info", `promoting ${repository}@${digest} to ${target.name}`);
  const [first, ...others] = tags;
  const done =
    first === undefined
      ? await copyGraph(source, target, content, copy)
      : await copyTag(source, target, first, content, copy);
  for (const tag of others) {
    if ((await target.resolve(tag))?.digest !== digest) await target.tag(tag, digest);
  }
  const called = tags.length > 0 ? ` as ${tags.join(", ")}` : "";
  run.log(
    "info",
    `done${called}: sent ${done.manifestsSent} manifests and ${done.blobsSent} blobs, ` +
      `${done.bytesSent} bytes; mounted ${done.blobsMounted}, found ${done.blobsSkipped}`,
  );
}
