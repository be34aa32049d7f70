import type { Digest } from "@entrepot/oci";

/**
 * What a path under `/v2/` asks for. `name`, `reference` and `digest` are as written (decoded once)
 * and not yet checked against the grammar. Source: distribution-spec § Endpoints.
 */
export type Route =
  | { readonly kind: "check" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags"; readonly name: string }
  | { readonly kind: "manifest"; readonly name: string; readonly reference: string }
  | { readonly kind: "blob"; readonly name: string; readonly digest: string }
  | { readonly kind: "uploads"; readonly name: string }
  | { readonly kind: "upload"; readonly name: string; readonly id: string }
  | { readonly kind: "referrers"; readonly name: string; readonly digest: string };

const CHECK: Route = { kind: "check" };
const CATALOG: Route = { kind: "catalog" };

/**
 * The route of `path` (no query), or null if there is none. Read from the right, because names
 * contain slashes and may contain the words `manifests`, `blobs` and `tags` too. A segment is
 * decoded once; one that hides a slash, or is not UTF-8, makes the path unknown.
 */
export function parsePath(path: string): Route | null {
  if (path === "/v2/" || path === "/v2") return CHECK;
  if (!path.startsWith("/v2/")) return null;
  if (path === "/v2/_catalog") return CATALOG;
  const decoded = path.includes("%") ? decodeSegments(path) : path;
  return decoded === null ? null : parseInRepository(decoded);
}

function parseInRepository(path: string): Route | null {
  const lastSlash = path.lastIndexOf("/");
  const last = path.slice(lastSlash + 1);
  const nounSlash = path.lastIndexOf("/", lastSlash - 1);
  // The name of a path like /v2/tags/list would begin before its own start.
  const name = path.slice(4, Math.max(nounSlash, 4));
  switch (path.slice(nounSlash + 1, lastSlash)) {
    case "manifests":
      return last === "" ? null : { kind: "manifest", name, reference: last };
    case "blobs":
      if (last === "") return null;
      return last === "uploads" ? { kind: "uploads", name } : { kind: "blob", name, digest: last };
    case "uploads":
      return parseUpload(path, nounSlash, last);
    case "tags":
      return last === "list" ? { kind: "tags", name } : null;
    case "referrers":
      return last === "" ? null : { kind: "referrers", name, digest: last };
    default:
      return null;
  }
}

function parseUpload(path: string, uploadsSlash: number, id: string): Route | null {
  const blobsSlash = path.lastIndexOf("/", uploadsSlash - 1);
  if (path.slice(blobsSlash + 1, uploadsSlash) !== "blobs") return null;
  const name = path.slice(4, Math.max(blobsSlash, 4));
  return id === "" ? { kind: "uploads", name } : { kind: "upload", name, id };
}

/** A decoded slash would move text from one segment into another: such a path names nothing. */
function decodeSegments(path: string): string | null {
  try {
    const segments = path.split("/").map(decodeURIComponent);
    return segments.some((segment) => segment.includes("/")) ? null : segments.join("/");
  } catch {
    return null;
  }
}

/** Path of a manifest by tag or digest. */
export function manifestPath(name: string, reference: string): string {
  return `/v2/${name}/manifests/${reference}`;
}

/** Path of a blob. */
export function blobPath(name: string, digest: Digest): string {
  return `/v2/${name}/blobs/${digest}`;
}

/** Path where uploads begin. */
export function uploadsPath(name: string): string {
  return `/v2/${name}/blobs/uploads/`;
}

/** Path of one upload. */
export function uploadPath(name: string, id: string): string {
  return `/v2/${name}/blobs/uploads/${encodeURIComponent(id)}`;
}

/** Path of a repository's tags. */
export function tagsPath(name: string): string {
  return `/v2/${name}/tags/list`;
}

/** Path of the list of repositories. */
export const CATALOG_PATH = "/v2/_catalog";

/** Path of the referrers of a manifest. */
export function referrersPath(name: string, digest: Digest): string {
  return `/v2/${name}/referrers/${digest}`;
}
