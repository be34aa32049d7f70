import { createHash } from "node:crypto";
import { RegistryError, algorithmOf, hexOf } from "@entrepot/oci";
import type { Algorithm, Digest } from "@entrepot/oci";
import { readObject } from "./read-object.ts";
import { type S3DraftHome, uploadUnknown } from "./s3-append.ts";
import { type DraftFolder, draftKeys } from "./s3-draft-folder.ts";
import type { S3DraftState } from "./s3-draft-table.ts";
import { blobKey } from "./s3-keys.ts";

/**
 * Makes the draft that lies in `folder` blob `digest`: a short one by one PUT of bytes that are in
 * hand, a long one by putting its parts together out of sight and copying them to their place on
 * the server's side. Throws DIGEST_INVALID. The draft's own objects stay: the caller removes them.
 */
export async function commitDraft(
  home: S3DraftHome,
  state: S3DraftState,
  folder: DraftFolder,
  algorithm: Algorithm,
  digest: Digest,
): Promise<void> {
  if (folder.upload === null) return await commitShort(home, folder, digest);
  const at = draftKeys(state.name);
  if (folder.staged === null) await putTogether(home, state, folder, folder.upload.id);
  // From here on the bytes cannot change.
  const wanted = algorithmOf(digest);
  const hash = wanted === algorithm && (await isAllOurs(home, state, folder)) ? state.hash! : null;
  state.hash = null; // a hash that has answered takes no more bytes
  const hex = (hash ?? (await hashOf(home, at.data, folder.offset, wanted))).digest("hex");
  check(digest, `${wanted}:${hex}`);
  if (!(await home.bucket.copy(at.data, blobKey(digest)))) throw uploadUnknown();
}

async function commitShort(
  { bucket }: S3DraftHome,
  { tail }: DraftFolder,
  digest: Digest,
): Promise<void> {
  const body = tail && (await bucket.get(tail.key));
  if (tail && !body) throw uploadUnknown();
  const bytes = Buffer.concat(body ? await Array.fromAsync(body.bytes) : []);
  const algorithm = algorithmOf(digest);
  check(digest, `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`);
  await bucket.put(blobKey(digest), bytes);
}

async function putTogether(
  { bucket }: S3DraftHome,
  state: S3DraftState,
  { parts, tail }: DraftFolder,
  upload: string,
): Promise<void> {
  const at = draftKeys(state.name);
  const last = [];
  if (tail) {
    const body = await bucket.get(tail.key);
    if (!body) throw uploadUnknown();
    const bytes = Buffer.concat(await Array.fromAsync(body.bytes));
    last.push(await bucket.part(at.data, upload, parts.length + 1, bytes));
  }
  await bucket.complete(at.data, upload, [...parts, ...last]);
}

/**
 * True if this process has hashed every byte as it wrote it, and nobody else has written any:
 * others say so before they do, and once the parts are put together none can be written.
 */
async function isAllOurs(
  { bucket }: S3DraftHome,
  state: S3DraftState,
  folder: DraftFolder,
): Promise<boolean> {
  const isHashed = state.hash !== null && state.hashed === folder.offset;
  if (!isHashed || state.own !== folder.upload?.id) return false;
  return (await bucket.size(draftKeys(state.name).several)) === null;
}

async function hashOf({ bucket }: S3DraftHome, key: string, end: number, algorithm: Algorithm) {
  const hash = createHash(algorithm);
  for await (const chunk of readObject(bucket, { key, what: "the upload", start: 0, end })) {
    hash.update(chunk);
  }
  return hash;
}

function check(digest: Digest, actual: string): void {
  if (actual === `${algorithmOf(digest)}:${hexOf(digest)}`) return;
  throw new RegistryError(
    "DIGEST_INVALID",
    `the uploaded bytes have digest ${actual}, not ${digest}; push them again`,
  );
}
