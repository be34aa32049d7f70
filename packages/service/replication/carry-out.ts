import { asDigest, type Descriptor, type Digest } from "@entrepot/oci";
import {
  type CopyOptions,
  copyGraph,
  copyTag,
  type Once,
  orCancelled,
  type Repository,
} from "@entrepot/registry";
import type { TaskRun } from "@entrepot/jobs";
import type { Policy, Site } from "./ports.ts";
import type { Replica } from "./replicas.ts";

/** What one run of the task works with. */
export interface Errand {
  readonly policy: Policy;
  readonly replica: Replica;
  readonly source: Site;
  readonly target: Site;
  readonly run: TaskRun;
  readonly once: Once;
  /** Tags of the replica's target that this policy is about to delete there. */
  readonly goingTags: (replica: Replica) => Promise<ReadonlySet<string>>;
}

/**
 * Makes the target have what the errand's replica wants. Returns the digest that it has now, null
 * if nothing, or undefined if nothing more is wanted of it.
 */
export function carryOut(errand: Errand): Promise<Digest | null | undefined> {
  return errand.replica.wanted ? copy(errand) : remove(errand);
}

async function copy(errand: Errand): Promise<Digest | undefined> {
  const { policy, replica, run } = errand;
  const { repository, reference, origin } = replica;
  const wanted = replica.wanted!;
  const isTag = asDigest(reference) === null;
  const source = errand.source.registry(origin).repository(repository);
  const content = await source.resolve(wanted);
  if (!content) {
    run.log("warn", `${repository}@${wanted} has been deleted at the source since`);
    return undefined;
  }
  await errand.target.prepare(replica.target, () => errand.source.isPublic(repository));
  const target = errand.target.registry(origin).repository(replica.target);
  if (isTag && !policy.override && (await keepsItsOwn(target, reference, wanted))) {
    run.log("warn", `${target.name}:${reference} has another digest there and is kept (override)`);
    return undefined;
  }
  run.log("info", `copying ${repository}:${reference} (${wanted}) to ${target.name}`);
  await copyOnce(errand, source, target, content);
  return wanted;
}

/**
 * Copies `content` and points the tag at it. Of several tags of one artifact that are copied at
 * once, one brings the artifact along; the others wait for it and only move.
 */
async function copyOnce(
  errand: Errand,
  source: Repository,
  target: Repository,
  content: Descriptor,
): Promise<void> {
  const { replica, run, once } = errand;
  const { reference } = replica;
  const isTag = asDigest(reference) === null;
  const options = copyOptions(errand);
  const copyAll = async () => {
    const result = isTag
      ? await copyTag(source, target, reference, content, options)
      : await copyGraph(source, target, content, options);
    run.log(
      "info",
      `done: sent ${result.manifestsSent} manifests and ${result.blobsSent} blobs, ` +
        `${result.bytesSent} bytes; mounted ${result.blobsMounted}, found ${result.blobsSkipped}`,
    );
  };
  let ours = false;
  const leading = once(`${siteKey(errand.policy)}/graph/${target.name}@${content.digest}`, () => {
    ours = true;
    return copyAll();
  });
  if (ours) return leading;
  const brought = leading.then(
    () => true,
    () => false,
  );
  if (!(await orCancelled(brought, run.signal))) return copyAll();
  if (isTag && (await target.resolve(reference))?.digest !== content.digest) {
    await target.tag(reference, content.digest);
  }
  run.log("info", "done: the artifact came with another of its tags");
}

async function keepsItsOwn(target: Repository, tag: string, wanted: Digest): Promise<boolean> {
  const there = await target.resolve(tag);
  return there !== null && there.digest !== wanted;
}

/** Tells apart the targets that transfers are shared within. */
function siteKey(policy: Policy): string {
  return String(policy.destEndpointId ?? "local");
}

function copyOptions({ run, target, policy, once }: Errand): CopyOptions {
  let bytesSent = 0;
  let bytesTotal = 0;
  const show = () => run.progress({ stage: "copying", bytesSent, bytesTotal });
  const mountFrom = target.mountFrom?.bind(target);
  return {
    signal: run.signal,
    referrers: true,
    onBytes: (bytes) => {
      bytesSent += bytes;
      show();
    },
    onExpected: (bytes) => {
      bytesTotal += bytes;
      show();
    },
    once: (key, work) => once(`${siteKey(policy)}/${key}`, work),
    ...(mountFrom && { mountFrom }),
  };
}

/**
 * Deletes at the target what this policy had sent, and only while the target still has it. Returns
 * null when it is gone, or undefined when the target's own is left alone.
 */
async function remove(errand: Errand): Promise<null | undefined> {
  const { replica, target, run } = errand;
  const { reference, origin, arrived, sent } = replica;
  const there = await target.registry(origin).repository(replica.target).resolve(reference);
  if (!there) {
    run.log("info", `${replica.target}:${reference} is not there any more`);
    return null;
  }
  const isTag = asDigest(reference) === null;
  if (isTag && there.digest !== arrived && there.digest !== sent) {
    run.log("warn", `${replica.target}:${reference} has been changed there and is kept`);
    return undefined;
  }
  if (isTag) {
    await target.deleteTag(replica.target, reference, origin);
  } else if (!(await removeManifest(errand))) {
    return undefined;
  }
  run.log("info", `deleted ${replica.target}:${reference} (${there.digest})`);
  return null;
}

/**
 * A manifest is deleted only if no tag there names it but those that are to be deleted as well:
 * deleting it deletes them all.
 */
async function removeManifest({ replica, target, run, goingTags }: Errand): Promise<boolean> {
  const going = await goingTags(replica);
  const repository = target.registry(replica.origin).repository(replica.target);
  let last: string | undefined;
  do {
    const page = await repository.tags({ n: 100, ...(last !== undefined && { last }) });
    for (const tag of page.items) {
      run.signal.throwIfAborted();
      if (going.has(tag) || (await repository.resolve(tag))?.digest !== replica.reference) continue;
      run.log("warn", `${replica.target}@${replica.reference} is kept: tag ${tag} names it there`);
      return false;
    }
    last = page.next ?? undefined;
  } while (last !== undefined);
  await repository.delete(replica.reference);
  return true;
}
