import { asDigest, type Descriptor, type Digest, RegistryError } from "@entrepot/oci";
import {
  type CopyOptions,
  copyGraph,
  copyTag,
  type Once,
  orCancelled,
  type Repository,
  type SeenBlobs,
} from "@entrepot/registry";
import type { TaskRun } from "@entrepot/jobs";
import { brokenIsAbsent } from "./broken-is-absent.ts";
import { watchCopy } from "./copy-progress.ts";
import { ownTagOnly } from "./own-tag-only.ts";
import type { Origin, Policy, Site } from "./ports.ts";
import type { Replica } from "./replicas.ts";
import { selectedPlatforms, sparseOptions, wantedContent } from "./policy-platforms.ts";
import { takingAlong, type WaitingTags } from "./tags-together.ts";
import { sourceSide } from "./source-side.ts";
import { verifyGraph } from "./verify.ts";

/** Of what is so small, asking whether it is there costs as much as sending it. */
const UNASKED_BYTES = 4 * 1024;

/** What one run of the task works with. */
export interface Errand {
  readonly policy: Policy;
  readonly replica: Replica;
  readonly source: Site;
  readonly target: Site;
  readonly run: TaskRun;
  readonly once: Once;
  /** Tags of the replica's target that this policy is about to delete there, and why. */
  readonly goingTags: (replica: Replica) => Promise<ReadonlyMap<string, Origin>>;
  /**
   * Whether the target is an Entrepot that is told the change's clock: it judges itself what is
   * newer, which nobody else can do without a gap between looking and acting.
   */
  readonly judges: boolean;
  /** Notes that somebody else has moved the tag there. */
  readonly onConflict: (winner: Digest, loser: Digest) => Promise<void>;
  /** Whether a tag there is to name the digest that the replica wants gone. */
  readonly isWantedAgain: (replica: Replica) => Promise<boolean>;
  /** After a deletion by digest: tags that may have gone with it are to be brought again. */
  readonly bringAgain: (replica: Replica) => Promise<void>;
  /** What is there at the target is not trusted. */
  readonly deep?: boolean;
  /** Tags that may go along in another's push. */
  readonly waiting?: WaitingTags;
  /** How blobs travel. */
  readonly how?: Pick<CopyOptions, "transfers" | "chunked" | "throttle">;
  /** Blobs that the target was seen to have. */
  readonly seen?: SeenBlobs;
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
  run.progress({ stage: "resolve" });
  const source = selectedPlatforms(
    policy,
    sourceSide(errand.source.registry(origin).repository(repository)),
  );
  const content = await wantedContent(source, replica);
  if (!content) {
    run.log("warn", `${repository}@${wanted} has been deleted at the source since`);
    return undefined;
  }
  await errand.target.prepare(replica.target, () => errand.source.isPublic(repository));
  const whole = brokenIsAbsent(errand.target.registry(origin).repository(replica.target));
  const push = policy.destEndpointId !== null;
  // What was compared, or has just changed, is not there yet: nobody need look again.
  const isNew = run.attempt === 1 && replica.arrived === null;
  const target = push ? ownTagOnly(whole, reference, isTag && (errand.judges || isNew)) : whole;
  if (isTag && !policy.override && (await keepsItsOwn(whole, reference, wanted))) {
    run.log("warn", `${target.name}:${reference} has another digest there and is kept (override)`);
    return undefined;
  }
  if (isTag && !errand.judges && (await movedByOthers(errand, target))) return undefined;
  run.log("info", `copying ${repository}:${reference} (${wanted}) to ${target.name}`);
  await copyOnce(errand, { source, target, whole }, content);
  return wanted;
}

/** Where a copy comes from and goes to; `whole` is the target as it is, its own tags and all. */
interface Ways {
  readonly source: Repository;
  readonly target: Repository;
  readonly whole: Repository;
}

/**
 * Copies `content` and points the tag at it. Of several tags of one artifact that are copied at
 * once, one brings the artifact along; the others wait for it and only move.
 */
async function copyOnce(
  errand: Errand,
  { source, target, whole }: Ways,
  content: Descriptor,
): Promise<void> {
  const { replica, run, once } = errand;
  const { reference, origin } = replica;
  const isTag = asDigest(reference) === null;
  const watched = watchCopy(run.progress);
  const options = { ...copyOptions(errand), ...watched.options };
  const artifact = `${siteKey(errand.policy)}/graph/${target.name}@${content.digest}`;
  // Only who judges by clocks can tell a push that comes late, when its task has been given up.
  const waiting = isTag && errand.judges ? errand.waiting : undefined;
  const site = errand.target;
  const taken = { site, source, content, tag: reference, origin, artifact };
  const taking = waiting ? takingAlong(target, { ...taken, waiting }) : target;
  const copyAll = async () => {
    const copyWith = (how: CopyOptions) =>
      isTag
        ? copyTag(source, taking, reference, content, how)
        : copyGraph(source, target, content, how);
    const result = await copyWith(options);
    if (errand.policy.options.verify) {
      watched.stage("verify");
      await proven(errand, whole, content, () => copyWith({ ...options, deep: true }));
    }
    run.log(
      "info",
      `done: sent ${result.manifestsSent} manifests and ${result.blobsSent} blobs, ` +
        `${result.bytesSent} bytes; mounted ${result.blobsMounted}, found ${result.blobsSkipped}`,
    );
  };
  let ours = false;
  const leading = once(artifact, () => {
    ours = true;
    return copyAll();
  });
  if (ours) return leading;
  const own = waiting?.wait(artifact, reference, origin);
  const brought = leading.then(
    () => true,
    () => false,
  );
  const moveLate = async () => {
    await taking.tag(reference, content.digest);
    if (own) own.moved = true;
  };
  try {
    if (!(await orCancelled(brought, run.signal))) return await copyAll();
    // Those too late for that push go together in one more; what fails is tried alone, and told.
    const late = own && !own.moved && once(`${artifact}/late`, moveLate).catch(() => undefined);
    if (late) await orCancelled(late, run.signal);
  } finally {
    if (own) waiting?.leave(artifact, own);
  }
  if (own?.moved) return run.log("info", "done: the tag came with another of its artifact");
  // A first attempt knows that it differs; a later one may have set it, and nobody heard. Who
  // judges by clocks is told in any case: it may have the digest by an earlier change.
  const isSet = async () =>
    run.attempt > 1 &&
    !errand.judges &&
    (await target.resolve(reference))?.digest === content.digest;
  if (isTag && !(await isSet())) await target.tag(reference, content.digest);
  run.log("info", "done: the artifact came with another of its tags");
}

/**
 * Proves that the target has all of `content`, and that the tag names it; at one that judges by
 * clocks it may name what is newer there. What it lacks or has
 * damaged is copied again, once, by `heal`. Throws INTEGRITY if it is still not right then.
 */
async function proven(
  { replica: { reference }, run, judges }: Errand,
  target: Repository,
  content: Descriptor,
  heal: () => Promise<unknown>,
): Promise<void> {
  const prove = async () => {
    const { manifests, blobs } = await verifyGraph(target, content, run.signal);
    const named = (await target.resolve(reference))?.digest;
    if (named !== content.digest && !(named && judges)) {
      const found = named ?? "nothing";
      throw new RegistryError("INTEGRITY", `${target.name}:${reference} names ${found} there`);
    }
    run.log("info", `verified at the target: ${manifests} manifests and ${blobs} blobs`);
  };
  try {
    await prove();
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === "INTEGRITY")) throw error;
    run.log("warn", `${error.message}; copying all of it again`);
    await heal();
    await prove();
  }
}

async function keepsItsOwn(target: Repository, tag: string, wanted: Digest): Promise<boolean> {
  const there = await target.resolve(tag);
  return there !== null && there.digest !== wanted;
}

/**
 * Whether a tag that this policy had brought was moved there by somebody else since, and the policy
 * says to report that. It is listed as a conflict either way.
 */
async function movedByOthers(errand: Errand, target: Repository): Promise<boolean> {
  const { policy, run, onConflict } = errand;
  const { reference, wanted, arrived, sent } = errand.replica;
  if (policy.destEndpointId === null || arrived === null) return false;
  const there = (await target.resolve(reference))?.digest;
  if (!there || [wanted, arrived, sent].includes(there)) return false;
  const isReported = policy.options.onConflict === "report";
  await (isReported ? onConflict(there, wanted!) : onConflict(wanted!, there));
  run.log(
    "warn",
    `${target.name}:${reference} was moved there to ${there} by somebody else; ` +
      (isReported
        ? "it is kept (on_conflict); what the tag next names here is compared with it anew"
        : "it is overwritten"),
  );
  return isReported;
}

/** Tells apart the targets that transfers are shared within. */
function siteKey(policy: Policy): string {
  return String(policy.destEndpointId ?? "local");
}

function copyOptions(errand: Errand): CopyOptions {
  const { run, target, policy, replica, once, how, seen, deep = false } = errand;
  const mountFrom = target.mountFrom?.bind(target);
  const isFirst = run.attempt === 1 && !deep;
  return {
    signal: run.signal,
    draining: run.draining,
    referrers: true,
    deep,
    ...how,
    ...(seen && { seen }),
    ...(isFirst && { unaskedBytes: UNASKED_BYTES, isNew: replica.isAlone ?? false }),
    once: (key, work) => once(`${siteKey(policy)}/${key}`, work),
    ...(mountFrom && { mountFrom }),
    ...sparseOptions(policy),
  };
}

/**
 * Deletes at the target what this policy had sent, and only while the target still has it. Returns
 * null when it is gone, or undefined when the target's own is left alone.
 */
async function remove(errand: Errand): Promise<null | undefined> {
  const { replica, target, run } = errand;
  const { reference, origin, arrived, sent } = replica;
  const isTag = asDigest(reference) === null;
  if (isTag && errand.judges) {
    // Told even of what is not there: what is under way from elsewhere comes too late then.
    const was = await target.deleteTag(replica.target, reference, origin);
    run.log("info", `${replica.target}:${reference} ${was ? "deleted" : "was not there"}`);
    return null;
  }
  const there = await target.registry(origin).repository(replica.target).resolve(reference);
  if (!there) {
    run.log("info", `${replica.target}:${reference} is not there any more`);
    return null;
  }
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
async function removeManifest(errand: Errand): Promise<boolean> {
  const { replica, target, run, judges } = errand;
  if (await errand.isWantedAgain(replica)) {
    run.log("warn", `${replica.target}@${replica.reference} is kept: it is wanted there again`);
    return false;
  }
  const going = await errand.goingTags(replica);
  const repository = target.registry(replica.origin).repository(replica.target);
  let last: string | undefined;
  do {
    const page = await repository.tags({ n: 100, ...(last !== undefined && { last }) });
    for (const tag of page.items) {
      run.signal.throwIfAborted();
      const origin = going.get(tag);
      if (origin && !judges) continue;
      if ((await repository.resolve(tag))?.digest !== replica.reference) continue;
      if (origin) {
        const { cause } = replica.origin;
        await target.deleteTag(replica.target, tag, { ...origin, ...(cause && { cause }) });
        continue;
      }
      run.log("warn", `${replica.target}@${replica.reference} is kept: tag ${tag} names it there`);
      return false;
    }
    last = page.next ?? undefined;
  } while (last !== undefined);
  if (!(await deleteWhole(errand, repository, going))) return false;
  if (!judges) await errand.bringAgain(replica);
  return true;
}

/**
 * Deletes the manifest, unless an index there that is to stay holds it: then it is kept, and false.
 * Throws where that index is to go as well: once it has gone, a next attempt will do.
 */
async function deleteWhole(
  { replica, run }: Errand,
  repository: Repository,
  going: ReadonlyMap<string, Origin>,
): Promise<boolean> {
  const { reference } = replica;
  const index = await repository.delete(reference).then(() => null, neededBy);
  if (index === null) return true;
  const why = `index ${index} there holds it`;
  // That is no refusal for good, and so no error with the code of one.
  if (going.has(index)) throw new Error(`${reference} is not deleted yet: ${why}, and goes first`);
  run.log("warn", `${replica.target}@${reference} is kept: ${why}`);
  return false;
}

/** The index that needs a manifest, as an Entrepot says that refuses to delete it; else throws. */
function neededBy(error: unknown): string {
  const { code, detail } = error instanceof RegistryError ? error : {};
  const index = code === "DENIED" ? (detail as { partOf?: unknown } | null)?.partOf : null;
  if (typeof index !== "string") throw error;
  return index;
}
