import { join } from "node:path";
import { folderOfAddress } from "./folder-of-address.ts";
import { openFolderObjects } from "./folder-objects.ts";
import type { ObjectStore } from "./objects.ts";
import type { StorageOptions } from "./open-storage.ts";
import { parseS3Address } from "./s3-address.ts";
import { openBucket } from "./s3-bucket.ts";
import { openS3Objects } from "./s3-objects.ts";

/**
 * The objects in `folder` of the blob store at `url`, beside its blobs, which neither see them nor
 * are seen. Open the store itself first: it makes its place. Throws as `openObjects`.
 */
export async function openObjectsBeside(
  url: string,
  folder: string,
  { keys }: Pick<StorageOptions, "keys"> = {},
): Promise<ObjectStore> {
  if (!/^s3:/i.test(url)) return await openFolderObjects(join(folderOfAddress(url), folder));
  const address = parseS3Address(url);
  const inside = { ...address, prefix: `${address.prefix}${folder}/` };
  return await openS3Objects(await openBucket(inside, keys), address.partBytes);
}
