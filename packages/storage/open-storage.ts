import { RegistryError } from "@entrepot/oci";
import { openFileStore } from "./filesystem.ts";
import { folderOfAddress } from "./folder-of-address.ts";
import type { OpenStore } from "./ports.ts";
import { parseS3Address } from "./s3-address.ts";
import { openBucket, type S3Keys } from "./s3-bucket.ts";
import { openS3Store } from "./s3-store.ts";

/** What an address cannot say, since it is shown and logged. For S3 alone. */
export interface StorageOptions {
  /** Absent: as the AWS SDK finds them (AWS_ACCESS_KEY_ID, files, the machine's role). */
  readonly keys?: S3Keys | undefined;
  /** Give addresses under which clients get blobs from S3 themselves. */
  readonly redirect?: boolean | undefined;
}

/**
 * The blob store that `url` names: `file:/path` (see `folderOfAddress`) or
 * `s3:bucket/prefix?region=…&endpoint=…` (see `parseS3Address`). Throws UNSUPPORTED for any other
 * kind, BAD_REQUEST for an address that is malformed, and what opening the store throws.
 */
export async function openStorage(url: string, options: StorageOptions = {}): Promise<OpenStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? null;
  if (scheme === "file") return await openFileStore({ root: folderOfAddress(url) });
  if (scheme === "s3") {
    const address = parseS3Address(url);
    const bucket = await openBucket(address, options.keys);
    const { redirect } = options;
    return await openS3Store({ bucket, partBytes: address.partBytes, redirect });
  }
  // An address may hold credentials, so a refusal shows its scheme alone.
  const kind = scheme ? `of kind ${scheme}:` : "without a kind";
  throw new RegistryError("UNSUPPORTED", `storage ${kind} is unknown; use file:/path or s3:bucket`);
}
