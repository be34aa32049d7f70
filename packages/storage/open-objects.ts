import { RegistryError } from "@entrepot/oci";
import { openFolderObjects } from "./folder-objects.ts";
import type { ObjectStore } from "./objects.ts";
import { folderOfAddress } from "./folder-of-address.ts";

/**
 * The objects that `url` names: `file:/path`, as `openStorage` reads it. Throws UNSUPPORTED for any
 * other kind, BAD_REQUEST for an address without a path, and what opening the folder throws.
 */
export async function openObjects(url: string): Promise<ObjectStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? null;
  if (scheme === "file") return await openFolderObjects(folderOfAddress(url));
  // An address may hold credentials, so a refusal shows its scheme alone.
  const kind = scheme ? `of kind ${scheme}:` : "without a kind";
  throw new RegistryError("UNSUPPORTED", `a store ${kind} is unknown; use file:/path`);
}
