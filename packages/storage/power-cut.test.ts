import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { algorithmOf, digestOf } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import { openFileStore } from "./filesystem.ts";
import { lossyDisk } from "./lossy-disk.ts";
import type { BlobStore } from "./ports.ts";
import { allOf, inPieces, sampleBytes } from "./suite-bytes.ts";

const SCOPE = "library/a";
const SEEDS = process.env["STORAGE_SEED"]
  ? [Number(process.env["STORAGE_SEED"])]
  : Array.from({ length: 40 }, (_, n) => n);

/** What a client knows: what was acknowledged to it. */
interface Known {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly drafts: Map<string, Uint8Array>;
}

test.each(SEEDS)("what was acknowledged survives a power cut (seed %i)", async (seed) => {
  const again = `again with: STORAGE_SEED=${seed} vitest run packages/storage/power-cut.test.ts`;
  const random = seeded(seed);
  const folder = await mkdtemp(join(tmpdir(), "entrepot-power-"));
  const root = join(folder, "root");
  await mkdir(join(folder, "spare"));
  const offAt = Math.floor(random() * 300);
  let steps = 0;
  const disk = lossyDisk(join(folder, "spare"), random, () => (++steps > offAt ? "off" : null));
  const known: Known = { blobs: new Map(), drafts: new Map() };
  try {
    await work(() => openFileStore({ root, disk, earlyShards: false }), known, random, seed);
  } catch (error) {
    if (!disk.isOff()) throw new Error(`failed with the power on; ${again}`, { cause: error });
  }
  await disk.lose();

  const store = await openFileStore({ root, earlyShards: false });
  for (const [digest, bytes] of known.blobs) {
    expect(await store.stat(digest), again).toBe(bytes.length);
    expect((await allOf(await store.read(digest))).equals(bytes), again).toBe(true);
  }
  for await (const { digest, size } of store.list()) {
    const bytes = await allOf(await store.read(digest));
    expect(digestOf(bytes, algorithmOf(digest)), again).toBe(digest);
    expect(bytes.length, again).toBe(size);
  }
  for (const [id, bytes] of known.drafts) await finish(store, id, bytes, again);
  await store.close();
  await rm(folder, { recursive: true });
});

/** Pushes, heals and removes until the power fails or all is done. */
async function work(
  open: () => Promise<BlobStore & { close(): Promise<void> }>,
  known: Known,
  random: () => number,
  seed: number,
): Promise<void> {
  const store = await open();
  for (let n = 0; n < 12; n++) {
    const bytes = sampleBytes(Math.floor(random() ** 3 * 200_000), seed * 100 + (n % 9));
    const digest = digestOf(bytes, random() < 0.2 ? "sha512" : "sha256");
    const choice = random();
    if (choice < 0.3) {
      await Promise.all([store.put(digest, bytes), store.put(digest, bytes)]);
      known.blobs.set(digest, bytes);
    } else if (choice < 0.9) {
      const draft = await store.start(SCOPE, algorithmOf(digest));
      known.drafts.set(draft.id, bytes);
      await draft.append(inPieces(bytes.subarray(0, bytes.length / 2), 5000));
      await draft.append(inPieces(bytes.subarray(bytes.length / 2), 5000));
      if (choice < 0.4) continue;
      await draft.commit(digest);
      known.drafts.delete(draft.id);
      known.blobs.set(digest, bytes);
    } else {
      known.blobs.delete(digest);
      await store.setAside(digest);
    }
  }
  await store.close();
}

/** A draft goes on from its offset, or starts again: either way the push gets through. */
async function finish(store: BlobStore, id: string, bytes: Uint8Array, again: string) {
  const algorithm = id.startsWith("sha256") ? "sha256" : "sha512";
  const digest = digestOf(bytes, algorithm);
  const draft = await store.resume(SCOPE, id);
  if (draft) {
    await draft.append(inPieces(bytes.subarray(draft.offset)));
    const committed = await draft.commit(digest).catch((error: { code: string }) => error.code);
    if (committed === bytes.length) return;
    expect(committed, again).toBe("DIGEST_INVALID");
  }
  const fresh = await store.start(SCOPE, algorithm);
  await fresh.append(inPieces(bytes));
  expect(await fresh.commit(digest), again).toBe(bytes.length);
}

/** Numbers in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let drawn = 0;
  return () => Buffer.from(sampleBytes(4, seed * 1_000_003 + drawn++)).readUInt32BE() / 2 ** 32;
}
