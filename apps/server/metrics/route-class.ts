/** What a path is about: few classes, however many paths there are. */
export type RouteClass =
  | "api"
  | "base"
  | "blob"
  | "catalog"
  | "manifest"
  | "metrics"
  | "other"
  | "referrers"
  | "tags"
  | "token"
  | "upload";

/** The class of `path`, which has no query. */
export function routeClassOf(path: string): RouteClass {
  if (path === "/v2" || path === "/v2/") return "base";
  if (path.startsWith("/v2/")) return distributionClassOf(path);
  if (path.startsWith("/api/")) return "api";
  if (path === "/service/token") return "token";
  return path === "/metrics" ? "metrics" : "other";
}

function distributionClassOf(path: string): RouteClass {
  if (path === "/v2/_catalog") return "catalog";
  if (path.endsWith("/tags/list")) return "tags";
  const last = path.lastIndexOf("/");
  const parent = path.slice(path.lastIndexOf("/", last - 1) + 1, last);
  if (parent === "manifests") return "manifest";
  if (parent === "referrers") return "referrers";
  if (parent === "uploads" || path.endsWith("/blobs/uploads")) return "upload";
  return parent === "blobs" ? "blob" : "other";
}
