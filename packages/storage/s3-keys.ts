import { algorithmOf, asDigest, hexOf, parseDigest } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";

/** Where blobs lie in a bucket: as in a folder, so that a copy of either is the other. */
export const BLOBS = "blobs/";
export const QUARANTINE = "quarantine/";
export const UPLOADS = "uploads/";

const BLOB_KEY = /^blobs\/(sha256|sha512)\/([0-9a-f]{2})\/([0-9a-f]+)$/;
const AWAY_KEY = /^quarantine\/(sha256|sha512)\/([0-9a-f]+)\.(\d{15})$/;

/** The key of blob `digest`. */
export function blobKey(digest: Digest): string {
  const hex = hexOf(parseDigest(digest)); // a cast could bring anything
  return `${BLOBS}${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}`;
}

/** The blob that `key` is of, or null for what is not ours. */
export function blobOfKey(key: string): Digest | null {
  const [, algorithm, shard, hex] = BLOB_KEY.exec(key) ?? [];
  return hex?.slice(0, 2) === shard ? asDigest(`${algorithm}:${hex}`) : null;
}

/** What the keys of blob `digest` in quarantine begin with; each ends with when it came there. */
export function awayPrefix(digest: Digest): string {
  return `${QUARANTINE}${algorithmOf(digest)}/${hexOf(parseDigest(digest))}.`;
}

/** A new key in quarantine; `now` in milliseconds since 1970. */
export function awayKey(digest: Digest, now: number): string {
  return `${awayPrefix(digest)}${String(now).padStart(15, "0")}`;
}

/** The blob of a key in quarantine, or null. */
export function blobOfAwayKey(key: string): Digest | null {
  const [, algorithm, hex] = AWAY_KEY.exec(key) ?? [];
  return hex === undefined ? null : asDigest(`${algorithm}:${hex}`);
}

/** The key of blob `digest` among those set aside as damaged. */
export function damagedKey(digest: Digest): string {
  return `damaged/${algorithmOf(digest)}/${hexOf(parseDigest(digest))}`;
}
