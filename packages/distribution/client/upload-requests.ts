import { RegistryError } from "@entrepot/oci";
import type { Algorithm, Bytes, Descriptor, Digest } from "@entrepot/oci";
import { header, uploadsPath, withQuery } from "../wire/index.ts";
import type { Ask } from "./send.ts";
import type { FetchResponse } from "./fetch.ts";
import { discard } from "./response-body.ts";
import { scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";

/** Where an upload stands now, as the registry said, and the least it takes per chunk in bytes. */
export interface UploadPlace {
  readonly location: string;
  readonly chunkMinBytes: number;
}

const JUST_BYTES = { "content-type": "application/octet-stream" };

/** The requests that uploads to the remote repository `name` are made of. */
export function uploadRequests(remote: Remote, name: string) {
  const scopes = scopesOf(name).push;
  const begin = (query: Record<string, string>, rest: Partial<Ask>) =>
    remote.exchange({
      method: "POST",
      url: withQuery(uploadsPath(name), query),
      about: `an upload to ${name}`,
      scopes,
      expect: [202],
      missing: "NAME_UNKNOWN",
      ...rest,
    });

  return {
    /** Begins an upload. Source: distribution-spec end-4a. */
    async begin(algorithm: Algorithm = "sha256"): Promise<UploadPlace> {
      const query: Record<string, string> =
        algorithm === "sha256" ? {} : { "digest-algorithm": algorithm };
      return await placeOf(await begin(query, {}), remote, uploadsPath(name));
    },

    /** All in one request; where the registry wants two, the upload it began. Source: end-4b. */
    async post(digest: Digest, bytes: Uint8Array): Promise<UploadPlace | null> {
      const headers = { ...JUST_BYTES, "content-length": String(bytes.length) };
      const about = `blob ${digest} of ${name}`;
      const response = await begin({ digest }, { expect: [201, 202], headers, body: bytes, about });
      if (response.status === 202) return await placeOf(response, remote, uploadsPath(name));
      await discard(response);
      return null;
    },

    /** Asks for a mount; null if it is done, else the upload that began instead. Source: end-11. */
    async mount(digest: Digest, from: string | undefined): Promise<UploadPlace | null> {
      const query: Record<string, string> = {
        mount: digest,
        ...(from === undefined ? {} : { from }),
      };
      const response = await begin(query, {
        expect: [201, 202],
        about: `mount of ${digest} into ${name}`,
        scopes: from === undefined ? scopes : [...scopes, ...scopesOf(from).pull],
      });
      if (response.status === 202) return await placeOf(response, remote, uploadsPath(name));
      await discard(response);
      return null;
    },

    put: (
      location: string,
      content: Pick<Descriptor, "digest" | "size">,
      body: Uint8Array | Bytes,
    ) => put(remote, name, location, content, body),

    cancel: (location: string) => cancel(remote, name, location),
  };
}

/** Ends an upload with its last bytes. Throws DIGEST_INVALID, BLOB_UPLOAD_UNKNOWN. */
async function put(
  remote: Remote,
  name: string,
  location: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  body: Uint8Array | Bytes,
): Promise<void> {
  const response = await remote.exchange({
    method: "PUT",
    url: withQuery(location, { digest }),
    about: `blob ${digest} of ${name}`,
    scopes: scopesOf(name).push,
    expect: [200, 201, 202, 204],
    missing: "BLOB_UPLOAD_UNKNOWN",
    headers: { ...JUST_BYTES, "content-length": String(size) },
    body,
  });
  await discard(response);
}

/** Forgets an upload. Never throws: a registry forgets unfinished uploads by itself, too. */
async function cancel(remote: Remote, name: string, location: string): Promise<void> {
  const about = `an upload to ${name}`;
  const scopes = scopesOf(name).push;
  const ask = { method: "DELETE", url: location, about, scopes, expect: [200, 202, 204] } as const;
  await remote.exchange(ask).then(discard, () => {});
}

/** The place an answer to `path` names. An answer without a Location is UNSUPPORTED. */
export async function placeOf(
  response: FetchResponse,
  remote: Remote,
  path: string,
): Promise<UploadPlace> {
  await discard(response);
  const base = path.startsWith("/") ? remote.root + path : path;
  const written = response.headers.get("location");
  const location = written === null ? null : URL.parse(written, base);
  if (!location) {
    const message = `${remote.root} does not say where the upload goes; it is no OCI registry`;
    throw new RegistryError("UNSUPPORTED", message);
  }
  const registry = new URL(remote.root);
  // Behind a proxy that ends TLS, many a registry takes itself for http.
  if (registry.protocol === "https:" && location.hostname === registry.hostname) {
    location.protocol = "https:";
    if (location.port === "80" || location.port === "") location.port = registry.port;
  }
  const chunkMinBytes = Number(response.headers.get(header.CHUNK_MIN_LENGTH) ?? 0) || 0;
  return { location: location.href, chunkMinBytes };
}
