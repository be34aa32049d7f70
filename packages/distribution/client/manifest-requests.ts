import {
  isManifestType,
  MANIFEST_LIMIT_BYTES,
  manifestTypes,
  mediaTypeOf,
  mediaTypes,
  RegistryError,
} from "@entrepot/oci";
import { header, manifestPath, withQuery } from "../wire/index.ts";
import type { FetchResponse } from "./fetch.ts";
import type { KnownManifest } from "./manifest-memory.ts";
import { discard, readBody } from "./response-body.ts";
import { scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";

/** What a registry says to a manifest that it has taken. */
export interface PutAnswer {
  /** The digest it stored the manifest under, if it says. */
  readonly digest: string | null;
  /** It knows what a subject is, and lists the manifest among the referrers. */
  readonly knowsSubject: boolean;
  /** The tags of `?tag=` that it has set. */
  readonly tags: readonly string[];
}

/** The requests about manifests of the remote repository `name`. */
export interface ManifestRequests {
  /**
   * The head of an answer to HEAD, or null for 404. With what it is `expected` to name, the answer
   * may be but 304: that saves a registry the work of looking into the manifest.
   */
  head(
    reference: string,
    expected?: string,
  ): Promise<Pick<FetchResponse, "headers" | "status"> | null>;
  /** The manifest behind a tag or digest, as sent; null if there is none. */
  get(reference: string, mediaType?: string): Promise<KnownManifest | null>;
  /** Stores a manifest under a tag or digest, and under `tags` where the registry can. */
  put(reference: string, manifest: KnownManifest, tags?: readonly string[]): Promise<PutAnswer>;
  /** False if there was none. */
  delete(reference: string): Promise<boolean>;
}

/** See `ManifestRequests`. Source: distribution-spec end-3, end-7, end-9. */
export function manifestRequests(remote: Remote, name: string): ManifestRequests {
  const scopes = scopesOf(name);
  const askAbout = (reference: string) => ({
    url: manifestPath(name, reference),
    about: reference.includes(":") ? `${name}@${reference}` : `${name}:${reference}`,
  });
  return {
    async head(reference, expected) {
      const response = await remote.exchange({
        ...askAbout(reference),
        method: "HEAD",
        scopes: scopes.pull,
        expect: [200, 304, 404],
        headers: unlessStill(expected),
      });
      await discard(response);
      return response.status === 404 ? null : response;
    },

    async get(reference, mediaType) {
      const accept = new Set([...(mediaType ? [mediaType] : []), ...manifestTypes]);
      const response = await remote.exchange({
        ...askAbout(reference),
        method: "GET",
        scopes: scopes.pull,
        expect: [200, 404],
        headers: { accept: [...accept].join(", ") },
      });
      if (response.status === 404) {
        await discard(response);
        return null;
      }
      const bytes = await readBody(response, MANIFEST_LIMIT_BYTES);
      const contentType = mediaTypeOf(response.headers.get("content-type") ?? "");
      return { bytes, mediaType: isManifestType(contentType) ? contentType : typeWithin(bytes) };
    },

    async put(reference, { bytes, mediaType }, tags = []) {
      const { url, about } = askAbout(reference);
      const ask = {
        method: "PUT",
        url: tags.reduce((path, tag) => withQuery(path, { tag }), url),
        about,
        scopes: scopes.push,
        expect: [200, 201, 202],
        missing: "NAME_UNKNOWN",
        headers: { "content-type": mediaType, "content-length": String(bytes.length) },
        body: bytes,
      } as const;
      const response = await remote.exchange(ask).catch(explainMissingChild);
      await discard(response);
      return {
        digest: response.headers.get(header.CONTENT_DIGEST),
        knowsSubject: response.headers.get(header.SUBJECT) !== null,
        tags: (response.headers.get(header.TAG) ?? "").split(/[\s,]+/).filter(Boolean),
      };
    },

    async delete(reference) {
      const response = await remote.exchange({
        ...askAbout(reference),
        method: "DELETE",
        scopes: scopes.delete,
        expect: [200, 202, 204, 404],
      });
      await discard(response);
      return response.status !== 404;
    },
  };
}

/** Source: RFC 9110 §13.1.2. */
function unlessStill(expected: string | undefined): Record<string, string> {
  const accept = manifestTypes.join(", ");
  return expected === undefined ? { accept } : { accept, "if-none-match": `"${expected}"` };
}

/** Registries differ in how they call a child that is not there. */
function explainMissingChild(error: unknown): never {
  const isMissing =
    error instanceof RegistryError && /^(?:BLOB|MANIFEST)_UNKNOWN$/.test(error.code);
  if (!isMissing) throw error;
  const { message, detail } = error;
  throw new RegistryError("MANIFEST_BLOB_UNKNOWN", message, { detail, cause: error });
}

/** What a manifest says it is: for registries that send all JSON as `application/json`. */
function typeWithin(bytes: Uint8Array): string {
  try {
    const { mediaType, manifests } = JSON.parse(Buffer.from(bytes).toString());
    if (typeof mediaType === "string") return mediaType;
    return manifests === undefined ? mediaTypes.ociManifest : mediaTypes.ociIndex;
  } catch {
    return mediaTypes.bytes;
  }
}
