import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { algorithmOf, asDigest, hexOf } from "@entrepot/oci";
import type { Algorithm, Digest } from "@entrepot/oci";
import { diskFailure, isMissing } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { groupedSync } from "./grouped-sync.ts";
import { algorithmFolder, shardFolder } from "./layout.ts";

const ALGORITHMS: readonly Algorithm[] = ["sha256", "sha512"];
const SHARDS = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

/** The folders that hold blobs, at most 512. Each is opened once, since every push syncs one. */
export interface Shards {
  /** Waits until the folder for `digest` is there, and on the disk. */
  make(digest: Digest): Promise<void>;
  /** Waits until every name in the folder of `digest` is on the disk. */
  sync(digest: Digest): Promise<void>;
  /** The digest of every file that bears one's name, in their order, those after `after`. */
  digests(after?: Digest): AsyncIterable<Digest>;
  close(): Promise<void>;
}

/**
 * The shards of the store in `root`, whose layout is prepared. With `early`, the 256 of sha256 are
 * made now rather than by the first push into each: a new registry then starts at full speed.
 */
export async function openShards(disk: Disk, root: string, early: boolean): Promise<Shards> {
  const made = new Set<string>(); // there, and the folder above was synced since
  const syncs = new Map<string, () => Promise<void>>();
  const handles = new Map<string, FileHandle>();

  async function syncFolder(folder: string): Promise<void> {
    const handle = handles.get(folder) ?? (await disk.open(folder, "r"));
    handles.set(folder, handle);
    await handle.sync();
  }

  function grouped(folder: string): Promise<void> {
    const known = syncs.get(folder) ?? groupedSync(() => syncFolder(folder));
    syncs.set(folder, known);
    return known();
  }

  for (const algorithm of ALGORITHMS) {
    const above = algorithmFolder(root, algorithm);
    const present = new Set(await disk.readdir(above));
    const missing = SHARDS.filter((shard) => !present.has(shard));
    if (early && algorithm === "sha256") {
      await Promise.all(
        missing.map((shard) => disk.mkdir(join(above, shard), { recursive: true })),
      );
      for (const shard of missing) present.add(shard);
    }
    // Another process may have made one and died before it synced.
    await grouped(above);
    for (const shard of present) made.add(join(above, shard));
  }

  return {
    async make(digest) {
      const folder = shardFolder(root, digest);
      if (made.has(folder)) return;
      await disk.mkdir(folder, { recursive: true });
      await grouped(dirname(folder));
      made.add(folder);
    },
    sync: (digest) => grouped(shardFolder(root, digest)),
    digests: (after) => digestsIn(disk, root, after),
    async close() {
      const open = [...handles.values()];
      handles.clear();
      await Promise.all(open.map((handle) => handle.close()));
    },
  };
}

async function* digestsIn(disk: Disk, root: string, after?: Digest): AsyncIterable<Digest> {
  const begin = after === undefined ? "" : `${algorithmOf(after)}:${hexOf(after).slice(0, 2)}`;
  for (const algorithm of ALGORITHMS) {
    for (const shard of SHARDS) {
      if (`${algorithm}:${shard}` < begin) continue;
      const folder = join(algorithmFolder(root, algorithm), shard);
      const names = await disk.readdir(folder).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw diskFailure(error, "listing blobs", root);
      });
      for (const name of names.toSorted()) {
        const digest = name.startsWith(shard) ? asDigest(`${algorithm}:${name}`) : null;
        if (digest === null || algorithmOf(digest) !== algorithm) continue;
        if (after === undefined || digest > after) yield digest;
      }
    }
  }
}
