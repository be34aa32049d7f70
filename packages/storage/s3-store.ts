import { RegistryError } from "@entrepot/oci";
import type { Bucket } from "./bucket.ts";
import { gate } from "./gate.ts";
import { checkLayout, LAYOUT_TEXT } from "./layout.ts";
import type { BlobStore, OpenStore } from "./ports.ts";
import { s3Blobs } from "./s3-blobs.ts";
import { listS3Drafts, resumeS3Draft, startS3Draft, sweepS3Drafts } from "./s3-drafts.ts";
import { s3DraftTable } from "./s3-draft-table.ts";
import { s3Quarantine } from "./s3-quarantine.ts";

/** How `openS3Store` opens a store. */
export interface S3StoreOptions {
  readonly bucket: Bucket;
  /** Bytes of one part of an upload. */
  readonly partBytes: number;
  /** Give `locate`: addresses under which clients get blobs from S3 themselves. */
  readonly redirect?: boolean | undefined;
  /** Milliseconds since 1970, for the age of drafts and the names of keys in quarantine. */
  readonly now?: () => number;
}

/** Running hashes kept for idle drafts. */
const DRAFTS_KEPT = 10_000;
/** Parts under way over all drafts. */
const MOST_PARTS_UNDER_WAY = 16;
const LAYOUT_KEY = "layout.json";

/**
 * Opens the blob store in a bucket, making it if there is none under its prefix. Everything may be
 * done by several processes at once, drafts included. Throws UNSUPPORTED for a layout newer than
 * this program, CONFLICT for a prefix that holds something else, UNAVAILABLE for what S3 refuses.
 * Source: docs/formats/blobs.md.
 */
export async function openS3Store(options: S3StoreOptions): Promise<OpenStore> {
  const { bucket, partBytes, redirect = false, now = Date.now } = options;
  await prepareBucket(bucket);
  const { takeBack, ...quarantine } = s3Quarantine(bucket, now);
  const { locate, ...blobs } = s3Blobs(bucket, takeBack);
  const table = s3DraftTable(DRAFTS_KEPT);
  const home = { bucket, table, partBytes, partGate: gate(MOST_PARTS_UNDER_WAY) };
  const drafts: Pick<BlobStore, "start" | "resume" | "drafts" | "sweepDrafts"> = {
    start: (scope, algorithm = "sha256") => startS3Draft(home, scope, algorithm),
    resume: (scope, id) => resumeS3Draft(home, scope, id),
    drafts: () => listS3Drafts(home),
    sweepDrafts: (olderThanMs) => sweepS3Drafts(home, now() - olderThanMs),
  };
  return {
    ...blobs,
    ...quarantine,
    ...drafts,
    ...(redirect && { locate }),
    close: async () => bucket.close(),
  };
}

/** Checks what lies under the prefix, and notes that it is a blob store. */
async function prepareBucket(bucket: Bucket): Promise<void> {
  await bucket.check();
  const found = await bucket.get(LAYOUT_KEY);
  if (found) {
    const text = Buffer.concat(await Array.fromAsync(found.bytes)).toString();
    checkLayout(text, bucket.place);
    return;
  }
  for await (const { key } of bucket.list("", undefined, 1)) {
    // Another node may be opening it for the first time as well.
    if (key === LAYOUT_KEY) return;
    throw new RegistryError(
      "CONFLICT",
      `${bucket.place} holds something else (${key}, and no layout.json); choose another prefix`,
    );
  }
  await bucket.putIfAbsent(LAYOUT_KEY, Buffer.from(LAYOUT_TEXT));
}
