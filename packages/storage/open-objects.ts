import { RegistryError } from "@entrepot/oci";
import { folderOfAddress } from "./folder-of-address.ts";
import { openFolderObjects } from "./folder-objects.ts";
import type { ObjectStore } from "./objects.ts";
import type { StorageOptions } from "./open-storage.ts";
import { parseS3Address } from "./s3-address.ts";
import { openBucket } from "./s3-bucket.ts";
import { openS3Objects } from "./s3-objects.ts";

/**
 * The objects that `url` names: `file:/path` or `s3:bucket/prefix`, as `openStorage` reads them.
 * Throws UNSUPPORTED for any other kind, BAD_REQUEST for an address that is malformed, and what
 * opening the folder or the bucket throws.
 */
export async function openObjects(
  url: string,
  { keys }: Pick<StorageOptions, "keys"> = {},
): Promise<ObjectStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? null;
  if (scheme === "file") return await openFolderObjects(folderOfAddress(url));
  if (scheme === "s3") {
    const address = parseS3Address(url);
    return await openS3Objects(await openBucket(address, keys), address.partBytes);
  }
  // An address may hold credentials, so a refusal shows its scheme alone.
  const kind = scheme ? `of kind ${scheme}:` : "without a kind";
  throw new RegistryError("UNSUPPORTED", `a store ${kind} is unknown; use file:/path or s3:bucket`);
}
