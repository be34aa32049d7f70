import { fileURLToPath } from "node:url";
import { RegistryError } from "@entrepot/oci";

/**
 * The folder that a `file:` address names: `file:/path` or `file:path` (the rest taken as it is),
 * or `file:///path` (a URL, percent-decoded). Throws BAD_REQUEST for one without a path.
 */
export function folderOfAddress(url: string): string {
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
