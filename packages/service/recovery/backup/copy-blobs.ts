import type { PacedWork } from "@entrepot/jobs";
import { type Bytes, type Digest, RegistryError } from "@entrepot/oci";
import { type Throttle, verified } from "@entrepot/registry";
import type { BlobStore, ObjectInfo, ObjectStore } from "@entrepot/storage";
import { type Conversion, plain } from "./encryption.ts";
import { type BlobLine, blobKey, digestOfKey } from "./format.ts";

const AT_ONCE = 4;

/** What copying blobs into a target needs. */
export interface CopyBlobs {
  readonly store: Pick<BlobStore, "stat" | "read">;
  readonly objects: ObjectStore;
  readonly seal: Conversion;
  readonly throttle?: Throttle | undefined;
  readonly paced?: PacedWork | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes that went out. */
  readonly sent?: (bytes: number) => void;
  readonly log?: (level: "info" | "warn", text: string) => void;
}

/** What copying came to. */
export interface Copied {
  /** Blobs in the target that were asked for, and their bytes. */
  count: number;
  bytes: number;
  /** What was new to it, and its bytes. */
  newCount: number;
  newBytes: number;
  absent: { digest: Digest; needed: boolean }[];
}

/**
 * Brings `wanted` into the target, but for what it has. What the registry lacks, or has damaged, is
 * told as absent.
 */
export async function copyBlobs(
  options: CopyBlobs,
  wanted: AsyncIterable<BlobLine>,
  isThere: (line: BlobLine) => boolean | Promise<boolean>,
): Promise<Copied> {
  const copied: Copied = { count: 0, bytes: 0, newCount: 0, newBytes: 0, absent: [] };
  await eachAtOnce(wanted, AT_ONCE, async (line) => {
    options.signal?.throwIfAborted();
    await options.paced?.rest(options.signal);
    const { digest, needed } = line;
    const there = await isThere(line);
    const size = there ? (line.size ?? 0) : await copyBlob(options, digest);
    if (size === null) return void copied.absent.push({ digest, needed });
    copied.count += 1;
    copied.bytes += size;
    if (there) return;
    copied.newCount += 1;
    copied.newBytes += size;
  });
  copied.absent.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return copied;
}

/** Its size, or null if the registry does not have it, or not whole. */
async function copyBlob(options: CopyBlobs, digest: Digest): Promise<number | null> {
  const { store, objects, seal, throttle, signal, sent, log } = options;
  const size = await store.stat(digest);
  if (size === null) return null;
  async function* counted(start: number): Bytes {
    for await (const piece of await store.read(digest, { start })) {
      signal?.throwIfAborted();
      if (throttle?.isLimited) await throttle.take(piece.length);
      sent?.(piece.length);
      yield piece;
    }
  }
  try {
    const bytes = seal(verified(counted(0), { digest, size }));
    // What is encrypted is other bytes each time.
    const known = seal === plain ? { digest, size, read: counted } : undefined;
    await objects.put(blobKey(digest), bytes, known);
    return size;
  } catch (error) {
    if (!(error instanceof RegistryError) || !DAMAGE.has(error.code)) throw error;
    log?.("warn", `${digest} cannot be backed up: ${error.message}`);
    return null;
  }
}

const DAMAGE = new Set(["BLOB_UNKNOWN", "DIGEST_INVALID", "INTEGRITY", "SIZE_INVALID"]);

/**
 * Tells for lines in the order of their digests whether the target has them, by walking through its
 * list once. One whose size is wrong (where that can be told) is not there.
 */
export function listedIn(objects: ObjectStore, encrypted: boolean) {
  const list = objects.list("blobs/")[Symbol.asyncIterator]();
  let last: Promise<ObjectInfo | null> = Promise.resolve(null);
  let begun = false;
  const next = async () => {
    const { value, done } = await list.next();
    return done ? null : (value as ObjectInfo);
  };
  const seek = async (before: Promise<ObjectInfo | null>, key: string) => {
    let at = await before;
    if (!begun) at = await next();
    begun = true;
    while (at && (at.key < key || digestOfKey(at.key) === null)) at = await next();
    return at;
  };
  return async ({ digest, size }: BlobLine): Promise<boolean> => {
    const key = blobKey(digest);
    last = seek(last, key);
    const found = await last;
    return found?.key === key && (encrypted || isSize(found, size));
  };
}

/** A size that nobody tells speaks against nothing. */
function isSize({ size }: ObjectInfo, expected: number | null): boolean {
  return size === null || expected === null || size === expected;
}

/** The same by asking for each: for few. */
export function askedOf(objects: ObjectStore, encrypted: boolean) {
  return async ({ digest, size }: BlobLine): Promise<boolean> => {
    const found = await objects.stat(blobKey(digest));
    return found !== null && (encrypted || isSize(found, size));
  };
}

/**
 * Runs `run` for each of `items`, `most` at a time, begun in their order. The first failure is
 * thrown once those under way have ended.
 */
export async function eachAtOnce<T>(
  items: AsyncIterable<T>,
  most: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const work: Promise<void> = run(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work));
    running.add(work);
    if (running.size >= most) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
