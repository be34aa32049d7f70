import type { ObjectStore } from "@entrepot/storage";
import type { Digest } from "@entrepot/oci";
import { plain } from "./encryption.ts";
import { type BlobLine, digestOfKey, type PartInfo } from "./format.ts";
import { readParts } from "./parts.ts";
import { type Chain, readChains } from "./target-objects.ts";

/** Which snapshots, each with its segments, stay; both absent: all. */
export interface KeepSnapshots {
  /** The newest so many. */
  readonly last?: number | undefined;
  /** Those that hold a moment of the last so many days. */
  readonly days?: number | undefined;
}

/** What pruning is going to remove, and what stays. */
export interface PrunePlan {
  readonly removed: readonly { readonly id: string; readonly at: string; readonly to: number }[];
  readonly kept: readonly string[];
}

/** The plan; the newest snapshot always stays, and so does one that cannot be read. */
export function planPrune(chains: readonly Chain[], keep: KeepSnapshots, now: Date): PrunePlan {
  const { last, days } = keep;
  const since = days === undefined ? Infinity : now.getTime() - days * 24 * 3_600_000;
  const stays = chains.map(({ links }, index) => {
    const newest = links.at(-1);
    if (!newest || index === chains.length - 1) return true;
    if (last === undefined && days === undefined) return true;
    const isAmongLast = last !== undefined && index >= chains.length - last;
    // Its segments reach to where the next snapshot begins.
    return isAmongLast || Date.parse(newest.manifest.at) >= since;
  });
  return {
    removed: chains
      .filter((_, index) => !stays[index])
      .map(({ id, links }) => {
        const { at, to } = links.at(-1)!.manifest;
        return { id, at, to };
      }),
    kept: chains.filter((_, index) => stays[index]).map(({ id }) => id),
  };
}

/** What pruning came to. */
export interface Pruned {
  readonly snapshots: number;
  readonly blobs: number;
  /** Of everything that was removed. */
  readonly bytes: number;
  /** Of the names and blobs that stay; null where a list does not tell sizes. */
  readonly bytesLeft: number | null;
}

/**
 * Removes the snapshots of `plan`: their manifest files first, so that what is half removed is not
 * there, then their segments and parts and those of runs that were cut off, then blobs that nothing
 * names any more. Nobody may write to the target meanwhile. Cut off, it may be run again.
 */
export async function pruneBackup(
  objects: ObjectStore,
  plan: PrunePlan,
  signal?: AbortSignal,
): Promise<Pruned> {
  for (const { id } of plan.removed) await objects.remove(`snapshots/${id}.json`);
  const chains = await readChains(objects);
  // Without knowing what it needs nothing can be said to be needless.
  const broken = chains.some(({ problems }) => problems.length > 0);
  const named = new Set(chains.map(({ id }) => id));
  const parts = new Set(
    chains.flatMap(({ links }) =>
      links.flatMap(({ manifest }) => [...manifest.names, ...manifest.blobs].map(({ key }) => key)),
    ),
  );
  let bytes = 0;
  let bytesLeft: number | null = 0;
  const leave = (size: number | null) =>
    void (bytesLeft = size === null || bytesLeft === null ? null : bytesLeft + size);
  for (const prefix of ["segments/", "parts/"]) {
    for await (const { key, size } of objects.list(prefix)) {
      signal?.throwIfAborted();
      const isNamed = named.has(key.split("/")[1]!);
      if (isNamed && (broken || prefix === "segments/" || parts.has(key))) {
        if (prefix === "parts/") leave(size);
        continue;
      }
      bytes += await removed(objects, key, size);
    }
  }
  const blobs = { count: 0, bytes: 0 };
  const isNeeded = broken ? () => true : await neededBy(objects, chains);
  for await (const { key, size } of objects.list("blobs/")) {
    signal?.throwIfAborted();
    const digest = digestOfKey(key);
    if (digest === null) continue;
    if (await isNeeded(digest)) {
      leave(size);
      continue;
    }
    blobs.bytes += await removed(objects, key, size);
    blobs.count += 1;
  }
  const snapshots = plan.removed.length;
  return { snapshots, blobs: blobs.count, bytes: bytes + blobs.bytes, bytesLeft };
}

/** Removes an object; its bytes, which a list need not have told. */
async function removed(objects: ObjectStore, key: string, size: number | null): Promise<number> {
  const bytes = size ?? (await objects.stat(key))?.size ?? 0;
  return (await objects.remove(key)) ? bytes : 0;
}

/**
 * Asked in the order of digests: walks through the lists of all snapshots at once, with flat
 * memory. What segments add is little, and is held.
 */
async function neededBy(objects: ObjectStore, chains: readonly Chain[]) {
  const listOf = (parts: readonly PartInfo[]) => readParts<BlobLine>(objects, parts, plain);
  const ofSegments = new Set<Digest>();
  const lists: AsyncGenerator<BlobLine>[] = [];
  for (const { manifest } of chains.flatMap(({ links }) => links)) {
    if (manifest.n === 0) lists.push(listOf(manifest.blobs));
    else for await (const { digest } of listOf(manifest.blobs)) ofSegments.add(digest);
  }
  const at: (Digest | null | undefined)[] = lists.map(() => undefined);
  const next = async (index: number) => {
    const { value, done } = await lists[index]!.next();
    at[index] = done ? null : value.digest;
  };
  return async (digest: Digest): Promise<boolean> => {
    let isNeeded = ofSegments.has(digest);
    for (const index of lists.keys()) {
      while (at[index] === undefined || (at[index] !== null && at[index] < digest)) {
        await next(index);
      }
      if (at[index] === digest) isNeeded = true;
    }
    return isNeeded;
  };
}
