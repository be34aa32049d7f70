import { fileURLToPath } from "node:url";
import { RegistryError } from "@entrepot/oci";
import { openFileStore } from "./filesystem.ts";
import type { FileStore } from "./filesystem.ts";

/**
 * The blob store that `url` names: `file:/path` or `file:path` (the rest taken as it is), or
 * `file:///path` (a URL, percent-decoded). Throws UNSUPPORTED for any other kind, BAD_REQUEST for
 * an address without a path, and what `openFileStore` throws.
 */
export async function openStorage(url: string): Promise<FileStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? null;
  if (scheme === "file") return await openFileStore({ root: folderIn(url) });
  // An address may hold credentials, so a refusal shows its scheme alone.
  throw new RegistryError(
    "UNSUPPORTED",
    scheme === "s3"
      ? "storage in S3 (s3:) comes in a later version; use file:/path until then"
      : `storage ${scheme ? `of kind ${scheme}:` : "without a kind"} is unknown; use file:/path`,
  );
}

function folderIn(url: string): string {
  const rest = url.slice("file:".length);
  if (rest !== "" && !rest.startsWith("//")) return rest;
  try {
    const { pathname } = new URL(url);
    if (rest.length > 2 && pathname !== "/") return fileURLToPath(url);
  } catch {
    // Refused below, like every address without a path.
  }
  throw new RegistryError("BAD_REQUEST", "storage address has no local path; use file:/path");
}
