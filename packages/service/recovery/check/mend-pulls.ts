import { createHash } from "node:crypto";
import { batched, type Catalog } from "@entrepot/catalog";
import { algorithmOf, type Bytes, type Descriptor, type Digest } from "@entrepot/oci";
import { digestOf, isManifestType, RegistryError } from "@entrepot/oci";
import {
  bytesOf,
  collect,
  orCancelled,
  type Registry,
  releasing,
  type Repository,
} from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { LRUCache } from "lru-cache";
import { sql } from "kysely";
import { readBlob } from "./check-blob.ts";
import { asked } from "./find-copies.ts";
import { noteFindings, noteVerified } from "./findings.ts";
import { healBlob } from "./heal-blob.ts";
import type { Copies } from "./ports.ts";

/** What mending pulls needs. */
export interface MendingOptions {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  /** Where whole copies may be. */
  readonly copies: Copies;
  /** Told of damage that was met, and of what failed in the background. */
  readonly onDamage: (text: string) => void;
  readonly onError: (error: unknown) => void;
  /** How long a client waits at most while its blob is healed. */
  readonly waitMs?: number;
}

/** Pulls that meet no damage, as far as somebody has a whole copy. */
export interface Mending {
  /** `registry`, ours, as clients pull from it. */
  over(registry: Registry): Registry;
  /** Waits for what is being healed and noted. */
  settled(): Promise<void>;
}

const WAIT_MS = 30_000;
/** Up to here a blob that was not read for long is read whole before its first byte is sent. */
const SMALL_BYTES = 4 << 20;
/** For so long nobody reads a blob again to see whether it is whole. */
const FRESH_MS = 7 * 24 * 3_600_000;
const MOST_KNOWN = 100_000;
/** What could not be healed is not tried again for so long. */
const AGAIN_MS = 30_000;
const NOTE_EVERY_MS = 2_000;

/**
 * Opens mending. A blob whose file is gone, or has another size than its row says, is told before
 * the first byte; one that nobody has read for a week is hashed while it is pulled, small ones
 * before they are sent, large ones with their end held back: the connection is cut if they are
 * wrong. A verified blob costs a look into memory; one that is not, one batched statement.
 */
export function openMending(options: MendingOptions): Mending {
  const room = openRoom(options);
  return {
    over: (registry) => ({
      ...registry,
      repository: (name) => mended(room, registry.repository(name)),
    }),
    settled: room.settled,
  };
}

type Room = ReturnType<typeof openRoom>;

function openRoom({ catalog, store, copies, onDamage, onError, waitMs = WAIT_MS }: MendingOptions) {
  const behind = openBackground(onError);
  const known = openKnown(catalog, behind.run);
  const failed = new LRUCache<Digest, true>({ max: 10_000, ttl: AGAIN_MS });
  const healing = new Map<Digest, Promise<boolean>>();

  async function heal(repository: string, content: Blob, what: NewDamage): Promise<boolean> {
    const { digest, size } = content;
    known.forget(digest);
    onDamage(`${repository}@${digest}: ${what.detail}`);
    await noteFindings(catalog, null, [{ ...what, name: digest, size }]);
    const places = await copies.places({ digest, size, repositories: [repository] });
    for (const place of places) {
      if ((await asked(copies, place, digest)) !== size) continue;
      const { from } = await healBlob({ store, copies }, digest, [place]);
      if (!from) continue;
      onDamage(`${repository}@${digest}: healed from ${from.label}`);
      await noteVerified(catalog, [digest], catalog.now());
      return true;
    }
    failed.set(digest, true);
    const now = await readBlob({ store }, digest);
    if (now && !now.whole) await store.setAside(digest);
    return now?.whole ?? false;
  }

  return {
    store,
    verified: known.verified,
    isFresh: known.isFresh,
    /** The size that `repository` says blob `digest` has, or null. */
    async sizeOf(repository: string, digest: Digest): Promise<number | null> {
      const { rows } = await sql<{ size: number }>`
        SELECT size FROM repository_blob
        WHERE repository = ${repository} AND digest = ${digest}`.execute(catalog.db);
      return rows[0]?.size ?? null;
    },
    /** Heals a blob once, however many ask; false if that fails or takes too long. */
    async healed(repository: string, content: Blob, what: NewDamage): Promise<boolean> {
      if (failed.has(content.digest)) return false;
      let work = healing.get(content.digest);
      if (!work) {
        work = heal(repository, content, what).finally(() => healing.delete(content.digest));
        healing.set(content.digest, work);
        behind.run(work);
      }
      return orCancelled(work, AbortSignal.timeout(waitMs)).catch(() => false);
    },
    behind: behind.run,
    async settled() {
      known.note();
      await behind.settled();
    },
  };
}

/** Work that nobody waits for until the end. */
function openBackground(onError: (error: unknown) => void) {
  const running = new Set<Promise<unknown>>();
  return {
    run(work: Promise<unknown>): void {
      const done: Promise<unknown> = work.catch(onError).finally(() => running.delete(done));
      running.add(done);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Which blobs somebody has read lately and found whole: in memory first, then in the database. */
function openKnown(catalog: Catalog, run: (work: Promise<unknown>) => void) {
  const known = new LRUCache<Digest, true>({ max: MOST_KNOWN, ttl: FRESH_MS });
  let unnoted: Digest[] = [];
  let timer: NodeJS.Timeout | undefined;
  const note = () => {
    clearTimeout(timer);
    timer = undefined;
    const digests = unnoted;
    unnoted = [];
    run(noteVerified(catalog, digests, catalog.now()));
  };
  const lookUp = batched((digests: Digest[]) => readVerified(catalog, digests), {
    max: 200,
    maxInFlight: 1,
  });
  return {
    note,
    forget: (digest: Digest) => void known.delete(digest),
    verified(digest: Digest): void {
      known.set(digest, true);
      unnoted.push(digest);
      timer ??= setTimeout(note, NOTE_EVERY_MS).unref();
    },
    async isFresh(digest: Digest): Promise<boolean> {
      if (known.has(digest)) return true;
      const at = await lookUp(digest);
      if (!at || at.getTime() < catalog.now().getTime() - FRESH_MS) return false;
      known.set(digest, true);
      return true;
    },
  };
}

type Blob = Pick<Descriptor, "digest" | "size">;
type NewDamage = { readonly class: "missing" | "truncated" | "corrupt"; readonly detail: string };

async function readVerified(
  { db }: Pick<Catalog, "db">,
  digests: readonly Digest[],
): Promise<(Date | null)[]> {
  const { rows } = await sql<{ digest: Digest; at: Date }>`
    SELECT digest, at FROM blob_verified WHERE digest = ANY(${[...digests]}::text[])`.execute(db);
  const at = new Map(rows.map((row) => [row.digest, row.at]));
  return digests.map((digest) => at.get(digest) ?? null);
}

function mended(room: Room, inner: Repository): Repository {
  const { name } = inner;
  return {
    ...inner,

    async stat(digest) {
      const here = await inner.stat(digest);
      if (here) return here;
      const size = await room.sizeOf(name, digest);
      if (size === null) return null;
      const found = await room.store.stat(digest);
      // Stored in between.
      if (found === size) return inner.stat(digest);
      const what: NewDamage =
        found === null
          ? { class: "missing", detail: "it is not in the store" }
          : { class: "truncated", detail: `it has ${found} bytes instead of ${size}` };
      if (await room.healed(name, { digest, size }, what)) return inner.stat(digest);
      throw damaged(name, digest);
    },

    async fetch(content, range) {
      if (isManifestType(content.mediaType)) return inner.fetch(content, range);
      const { digest, size } = content;
      if (await room.isFresh(digest)) return inner.fetch(content, range);
      if (size > SMALL_BYTES) {
        // Of a part nothing can be told.
        if (range) return inner.fetch(content, range);
        const bytes = await inner.fetch(content);
        return releasing(heldBack(room, name, content, bytes), bytes);
      }
      let bytes = await collect(await inner.fetch(content), size);
      if (!isOf(bytes, digest)) {
        const what = { class: "corrupt", detail: "its bytes have another digest" } as const;
        if (!(await room.healed(name, content, what))) throw damaged(name, digest);
        bytes = await collect(await inner.fetch(content), size);
        if (!isOf(bytes, digest)) throw damaged(name, digest);
      } else room.verified(digest);
      const { start, length = size - start } = range ?? { start: 0 };
      return bytesOf(bytes.subarray(start, start + length));
    },
  };
}

/**
 * A large blob, hashed on its way: each piece goes when the next is there, and the last only if the
 * digest is right. Else INTEGRITY is thrown before the end, and it is healed behind that.
 */
async function* heldBack(room: Room, name: string, content: Descriptor, bytes: Bytes): Bytes {
  const { digest } = content;
  const hash = createHash(algorithmOf(digest));
  let held: Uint8Array | null = null;
  for await (const piece of bytes) {
    hash.update(piece);
    if (held) yield held;
    held = piece;
  }
  if (`${algorithmOf(digest)}:${hash.digest("hex")}` !== digest) {
    const what = { class: "corrupt", detail: "its bytes have another digest" } as const;
    room.behind(room.healed(name, content, what));
    throw new RegistryError("INTEGRITY", `blob ${digest} is damaged here; pull it again`);
  }
  room.verified(digest);
  if (held) yield held;
}

function isOf(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

function damaged(repository: string, digest: Digest): RegistryError {
  return new RegistryError(
    "BLOB_UNKNOWN",
    `blob ${digest} of repository '${repository}' is lost or damaged here, and no copy was found ` +
      "in time; push its image again, or have an administrator run 'entrepot repair plan'",
    { detail: { digest, damaged: true } },
  );
}
