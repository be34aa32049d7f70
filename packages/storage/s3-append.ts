import { createHash } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import type { Algorithm, Bytes } from "@entrepot/oci";
import type { Bucket } from "./bucket.ts";
import { type DraftFolder, draftKeys } from "./s3-draft-folder.ts";
import { inUse, type S3DraftState, type S3DraftTable } from "./s3-draft-table.ts";

/** What drafts in a bucket share. */
export interface S3DraftHome {
  readonly bucket: Bucket;
  readonly table: S3DraftTable;
  /** Bytes of a part of the uploads that begin now. */
  readonly partBytes: number;
  /** Bounds the parts under way, and with them the memory, over all drafts. */
  readonly partGate: <T>(work: () => Promise<T>) => Promise<T>;
}

/** S3's own bound. */
const MOST_PARTS = 10_000;
/** Parts of one draft under way: one more arrives meanwhile. */
const PARTS_AHEAD = 3;

/**
 * Adds `bytes` to the draft that lies in `folder`: whole parts as they fill, the rest as its tail.
 * Returns the new offset, and what broke off the source, if anything did: what came before it is
 * kept. Throws RANGE_INVALID if another node wrote meanwhile, SIZE_INVALID for more than 10,000
 * parts hold.
 */
export async function appendToDraft(
  home: S3DraftHome,
  state: S3DraftState,
  folder: DraftFolder,
  algorithm: Algorithm,
  bytes: Bytes,
): Promise<{ offset: number; stopped: { by: unknown } | null }> {
  const at = draftKeys(state.name);
  const before = folder.tail ? await read(home.bucket, folder.tail.key) : [];
  prepareHash(state, folder, algorithm, before);
  const parts = partWriter(home, state, folder);
  let held = before.reduce((sum, { length }) => sum + length, 0);
  let pieces: Uint8Array[] = before;
  let offset = folder.offset;

  const take = async (chunk: Uint8Array): Promise<void> => {
    state.hash?.update(chunk);
    let rest = chunk;
    while (held + rest.length >= parts.bytes) {
      const fill = parts.bytes - held;
      pieces.push(rest.subarray(0, fill));
      const part = Buffer.concat(pieces, parts.bytes);
      rest = rest.subarray(fill);
      [pieces, held] = [[], 0];
      await parts.add(part);
    }
    // A copy: whoever gave the chunk may use its memory again.
    if (rest.length > 0) pieces.push(Buffer.from(rest));
    held += rest.length;
    offset += chunk.length;
  };

  let stopped: { by: unknown } | null = null;
  try {
    for await (const chunk of bytes) {
      if (state.gone) throw uploadUnknown();
      await take(chunk);
    }
  } catch (by) {
    stopped = { by };
  }
  try {
    await parts.settled();
    if (held > 0 && offset > folder.offset) {
      const tail = Buffer.concat(pieces, held);
      await writeTail(home.bucket, at.tail(offset), tail);
    }
    if (offset > folder.offset && folder.tail) await home.bucket.remove(folder.tail.key);
    state.hashed = offset;
  } catch (error) {
    state.hash = null; // it has seen bytes that may not be there
    throw error;
  }
  return { offset, stopped };
}

/**
 * The running hash goes on if all so far was hashed here, and begins anew while all so far is in
 * hand. Otherwise the commit reads what lies there.
 */
function prepareHash(
  state: S3DraftState,
  folder: DraftFolder,
  algorithm: Algorithm,
  before: readonly Uint8Array[],
): void {
  if (folder.upload === null) {
    state.own = null;
    state.hash = createHash(algorithm);
    for (const piece of before) state.hash.update(piece);
  } else if (state.own !== folder.upload.id || state.hashed !== folder.offset) {
    state.hash = null;
  }
}

/** Stores whole parts, several at a time. After a failure it takes no more. */
function partWriter(home: S3DraftHome, state: S3DraftState, folder: DraftFolder) {
  const { bucket, partGate } = home;
  const at = draftKeys(state.name);
  const underWay = new Set<Promise<void>>();
  let upload = folder.upload;
  let number = folder.parts.length;
  let failure: { error: unknown } | null = null;

  async function store(id: string, part: number, bytes: Uint8Array): Promise<void> {
    try {
      await partGate(async () => {
        if (!failure) await bucket.part(at.data, id, part, bytes);
      });
    } catch (error) {
      failure ??= { error };
    }
  }

  async function noted() {
    if (upload === null) {
      upload = await beginUpload(home, state);
    } else if (state.hash === null && number === folder.parts.length) {
      await bucket.putIfAbsent(at.several, new Uint8Array(0));
    }
    return upload;
  }

  return {
    bytes: folder.upload?.partBytes ?? home.partBytes,
    async add(bytes: Uint8Array): Promise<void> {
      const { id } = await noted();
      if (number === MOST_PARTS) throw tooLarge(bytes.length);
      number += 1;
      const storing = store(id, number, bytes).finally(() => underWay.delete(storing));
      underWay.add(storing);
      if (underWay.size >= PARTS_AHEAD) await Promise.race(underWay);
      if (failure) throw failure.error;
    },
    async settled(): Promise<void> {
      await Promise.all(underWay);
      if (failure) throw failure.error;
    },
  };
}

/** Begins an upload in parts. The one that is noted first is the draft's. */
async function beginUpload({ bucket, partBytes }: S3DraftHome, state: S3DraftState) {
  const at = draftKeys(state.name);
  const id = await bucket.begin(at.data);
  const note = Buffer.from(JSON.stringify({ id, partBytes }));
  if (await writeOnce(bucket, at.upload, note)) {
    state.own = id;
    return { id, partBytes };
  }
  await bucket.abort(at.data, id);
  throw inUse();
}

async function writeTail(bucket: Bucket, key: string, tail: Uint8Array): Promise<void> {
  if (!(await writeOnce(bucket, key, tail))) throw inUse();
}

/** True if `key` now holds `bytes`: a repeated request may find what it wrote the first time. */
async function writeOnce(bucket: Bucket, key: string, bytes: Uint8Array): Promise<boolean> {
  if (await bucket.putIfAbsent(key, bytes)) return true;
  return Buffer.concat(await read(bucket, key)).equals(bytes);
}

async function read(bucket: Bucket, key: string): Promise<Uint8Array[]> {
  const body = await bucket.get(key);
  if (!body) throw uploadUnknown();
  return [Buffer.concat(await Array.fromAsync(body.bytes))];
}

function tooLarge(partBytes: number): RegistryError {
  const most = Math.floor((MOST_PARTS * partBytes) / 1024 ** 3);
  return new RegistryError(
    "SIZE_INVALID",
    `this blob is larger than ${most} GiB, the most that S3 takes in parts of ` +
      `${partBytes / 1024 ** 2} MiB; set a larger part_mib in the storage address`,
  );
}

/** BLOB_UPLOAD_UNKNOWN: there is no such draft any more. */
export function uploadUnknown(): RegistryError {
  return new RegistryError(
    "BLOB_UPLOAD_UNKNOWN",
    "this upload has been finished, cancelled or given up; start a new one",
  );
}
