import type { Bucket, BucketEntry, BucketPart } from "./bucket.ts";
import { UPLOADS } from "./s3-keys.ts";

/**
 * What a draft is in a bucket: the objects under `uploads/<name>/`. Every one is written once, and
 * only if it is not there, so that two nodes never undo each other's work. docs/formats/blobs.md
 * describes them for people.
 */
export interface DraftFolder {
  readonly keys: readonly string[];
  /** Bytes that are safe: the whole parts, and the newest tail if it goes on from there. */
  readonly offset: number;
  /** The object in parts that the draft becomes once it is longer than one part. */
  readonly upload: { readonly id: string; readonly partBytes: number } | null;
  /** The whole parts from the first, without a gap. */
  readonly parts: readonly BucketPart[];
  readonly tail: { readonly key: string; readonly size: number } | null;
  /** Its size if the parts have been put together already: a commit was interrupted. */
  readonly staged: number | null;
}

const TAIL = /\/tail-(\d{15})$/;

/** The keys of draft `name`. */
export const draftKeys = (name: string) => ({
  folder: `${UPLOADS}${name}/`,
  /** Empty. A draft is there as long as this is. */
  start: `${UPLOADS}${name}/start`,
  /** Which upload in parts is this draft's: the first that was noted. */
  upload: `${UPLOADS}${name}/upload.json`,
  /** Empty. Another process than the one that noted the upload has stored parts of it. */
  several: `${UPLOADS}${name}/several`,
  /** The upload in parts itself. */
  data: `${UPLOADS}${name}/data`,
  /** The bytes after the last whole part; `end` is the draft's offset after them. */
  tail: (end: number) => `${UPLOADS}${name}/tail-${String(end).padStart(15, "0")}`,
});

/** Draft `name` as it lies in the bucket now, or null. */
export async function lookAtDraft(bucket: Bucket, name: string): Promise<DraftFolder | null> {
  const at = draftKeys(name);
  const entries = await Array.fromAsync(bucket.list(at.folder));
  const entryOf = (key: string) => entries.find((entry) => entry.key === key);
  if (!entryOf(at.start)) return null;
  const keys = entries.map(({ key }) => key);
  const tail = newestTail(entries);
  if (!entryOf(at.upload)) {
    return { keys, offset: tail?.end ?? 0, upload: null, parts: [], tail, staged: null };
  }
  const upload = JSON.parse(Buffer.concat(await allOf(bucket, at.upload)).toString());
  const found = await bucket.parts(at.data, upload.id);
  const parts = wholeParts(found ?? [], upload.partBytes);
  const staged = found === null ? ((await bucket.size(at.data)) ?? null) : null;
  if (found === null && staged === null) return null; // the server has given it up
  const whole = parts.length * upload.partBytes;
  const goesOn = staged === null && tail !== null && tail.end - tail.size === whole;
  const offset = staged ?? (goesOn ? tail.end : whole);
  return { keys, offset, upload, parts, tail: goesOn ? tail : null, staged };
}

/**
 * Removes draft `name`. First what makes it a draft: what stays behind if this is interrupted is
 * swept away by its age. Repeating is safe.
 */
export async function removeDraft(bucket: Bucket, name: string): Promise<void> {
  const at = draftKeys(name);
  await bucket.remove(at.start);
  const keys = await Array.fromAsync(bucket.list(at.folder), ({ key }) => key);
  if (keys.includes(at.upload)) {
    for await (const { key, upload } of bucket.begun(at.data)) await bucket.abort(key, upload);
  }
  await Promise.all(keys.map((key) => bucket.remove(key)));
}

async function allOf(bucket: Bucket, key: string): Promise<Uint8Array[]> {
  const body = await bucket.get(key);
  return body ? await Array.fromAsync(body.bytes) : [];
}

function newestTail(entries: readonly BucketEntry[]) {
  const tails = entries.flatMap(({ key, size }) => {
    const end = TAIL.exec(key)?.[1];
    return end === undefined ? [] : [{ key, size, end: Number(end) }];
  });
  return tails.at(-1) ?? null; // keys are listed in order
}

/** All parts but the last have the same size; a shorter one is of a commit that was interrupted. */
function wholeParts(found: readonly BucketPart[], partBytes: number): BucketPart[] {
  const gap = found.findIndex(({ number, size }, n) => number !== n + 1 || size !== partBytes);
  return found.slice(0, gap === -1 ? undefined : gap);
}
