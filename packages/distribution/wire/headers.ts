/** Names of the headers that the distribution API adds to HTTP's. Source: distribution-spec. */
export const API_VERSION = "Docker-Distribution-Api-Version";
export const CONTENT_DIGEST = "Docker-Content-Digest";
export const UPLOAD_UUID = "Docker-Upload-UUID";
export const CHUNK_MIN_LENGTH = "OCI-Chunk-Min-Length";
export const SUBJECT = "OCI-Subject";
export const TAG = "OCI-Tag";
export const FILTERS_APPLIED = "OCI-Filters-Applied";

/** The only value of `Docker-Distribution-Api-Version`. */
export const API_VERSION_2 = "registry/2.0";

/** The media type of every error and list answer. */
export const JSON_TYPE = "application/json";

/** The entity tag of content: its digest in quotes. Source: RFC 9110 § 8.8.3. */
export function printETag(digest: string): string {
  return `"${digest}"`;
}

/**
 * Whether `ifNoneMatch` (a header's value) names `digest`, so that 304 is the answer. Compared
 * weakly, as RFC 9110 § 13.1.2 wants.
 */
export function matchesETag(ifNoneMatch: string, digest: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((item) => {
    const tag = item.trim();
    const strong = tag.startsWith("W/") ? tag.slice(2) : tag;
    // Some clients send the bare digest; it can mean nothing else.
    return strong === `"${digest}"` || strong === digest;
  });
}
