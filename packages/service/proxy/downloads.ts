import { RegistryError, type Bytes, type Descriptor } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";
import { type Follower, openFollower } from "./follower.ts";

/** Blobs on their way from upstream: each is fetched once, however many ask. */
export interface Downloads {
  /**
   * The bytes of `blob` from its first one on while they are still coming, and kept in `local` at
   * the same time. Whoever comes later while it is under way gets them once they are stored. Goes
   * on to its end though every reader has gone. The last piece comes only when the blob is stored
   * whole and with the right digest. Throws what upstream and store throw.
   */
  open(upstream: Repository, local: Repository, blob: Descriptor): Promise<Bytes>;
  /** Has `blob` in `local`, by a download of its own or one under way. */
  bring(upstream: Repository, local: Repository, blob: Descriptor): Promise<void>;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

/** What one download is doing. */
interface Download {
  /** Follows from the first byte; null once a byte has come. */
  join(): Follower | null;
  /** Resolves with the first byte, or without one at the end; rejects if none came. */
  readonly begun: Promise<void>;
  readonly stored: Promise<void>;
}

/** How far a reader may fall behind before it has to wait for the end. */
const BEHIND_BYTES = 8 << 20;
/** Downloads of one node at a time; above it, readers are served without anything being kept. */
const MOST = 64;

/** No downloads yet. */
export function openDownloads(): Downloads {
  const underWay = new Map<string, Download>();

  function start(key: string, upstream: Repository, local: Repository, blob: Descriptor): Download {
    const followers = new Set<Follower>();
    let hasBegun = false;
    const first = Promise.withResolvers<void>();
    async function* teed(): Bytes {
      for await (const chunk of await upstream.fetch(blob)) {
        hasBegun = true;
        first.resolve();
        for (const follower of followers) follower.take(chunk);
        yield chunk;
      }
    }
    const stored = local.push(blob, teed()).finally(() => {
      underWay.delete(key);
      for (const follower of followers) follower.end();
    });
    const begun = Promise.race([first.promise, stored]);
    // Told to whoever reads, and there may be nobody.
    for (const outcome of [stored, begun]) outcome.catch(() => undefined);
    const join = () => {
      if (hasBegun) return null;
      const follower = openFollower(BEHIND_BYTES);
      followers.add(follower);
      return follower;
    };
    const download = { join, begun, stored };
    underWay.set(key, download);
    return download;
  }

  const keyOf = (local: Repository, { digest }: Descriptor) => `${local.name}@${digest}`;

  return {
    async open(upstream, local, blob) {
      const key = keyOf(local, blob);
      // One that was under way when the caller looked may have ended since.
      if (!underWay.has(key) && (await local.stat(blob.digest))) return local.fetch(blob);
      const known = underWay.get(key);
      if (!known && underWay.size >= MOST) return upstream.fetch(blob);
      const download = known ?? start(key, upstream, local, blob);
      const follower = download.join();
      await download.begun;
      return reading(download, follower, local, blob);
    },

    async bring(upstream, local, blob) {
      const key = keyOf(local, blob);
      if (!underWay.has(key) && (await local.stat(blob.digest))?.size === blob.size) return;
      await (underWay.get(key) ?? start(key, upstream, local, blob)).stored;
    },

    async settled() {
      await Promise.allSettled([...underWay.values()].map(({ stored }) => stored));
    },
  };
}

/** What the follower gets, and from where it was let go, what is stored. */
async function* reading(
  { stored }: Download,
  follower: Follower | null,
  local: Repository,
  blob: Descriptor,
): Bytes {
  let at = 0;
  for await (const chunk of follower?.chunks() ?? []) {
    at += chunk.length;
    // Until it is stored nobody can say that these bytes are the blob.
    if (at >= blob.size) await stored;
    yield chunk;
  }
  if (at >= blob.size) return;
  await stored;
  yield* await local.fetch(blob, { start: at });
}

/** Whether `error` says that upstream cannot be asked now, in contrast to what it answered. */
export function isDown(error: unknown): boolean {
  const code = error instanceof RegistryError ? error.code : "UNKNOWN";
  return !["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN", "NAME_INVALID"].includes(code);
}
