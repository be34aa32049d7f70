import { mediaTypes, RegistryError } from "@entrepot/oci";
import type { BlobUploads, Upload } from "@entrepot/registry";
import { parseUploadRange, printChunkRange, uploadPath, uploadsPath } from "../wire/index.ts";
import { counted } from "./counted-bytes.ts";
import { discard } from "./response-body.ts";
import { scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";
import { placeOf, uploadRequests } from "./upload-requests.ts";
import type { UploadPlace } from "./upload-requests.ts";

/**
 * Uploads in pieces to the remote repository `name`. What an `append` sends is streamed in one
 * PATCH: where it breaks off, the registry has kept what came, and `resumeUpload` tells how much.
 */
export function remoteUploads(remote: Remote, name: string): BlobUploads {
  const requests = uploadRequests(remote, name);
  return {
    async startUpload(algorithm) {
      return remoteUpload(remote, name, await requests.begin(algorithm), 0);
    },

    async resumeUpload(id) {
      const url = locationOf(remote, name, id);
      const about = `an upload to ${name}`;
      const scopes = scopesOf(name).push;
      const expect = [200, 204, 404];
      const ask = { method: "GET", url, about, scopes, expect } as const;
      const response = await remote.exchange(ask).catch((error: unknown) => {
        // distribution says 400 to an id that it never gave.
        if (error instanceof RegistryError && error.code === "BLOB_UPLOAD_INVALID") return null;
        throw error;
      });
      if (!response || response.status === 404) {
        if (response) await discard(response);
        return null;
      }
      const offset = parseUploadRange(response.headers.get("range") ?? "0-0") ?? 0;
      const moved = response.headers.get("location") !== null;
      const place = moved
        ? await placeOf(response, remote, url)
        : { location: new URL(url, remote.root).href, chunkMinBytes: 0 };
      await discard(response);
      return remoteUpload(remote, name, place, offset);
    },
  };
}

function remoteUpload(remote: Remote, name: string, begun: UploadPlace, begunAt: number): Upload {
  const requests = uploadRequests(remote, name);
  let { location } = begun;
  let offset = begunAt;

  return {
    /** Some registries give another place after each chunk. */
    get id() {
      return idOf(remote, name, location);
    },
    get offset() {
      return offset;
    },
    ...(remote.keepsParts ? {} : { chunkMinBytes: begun.chunkMinBytes }),
    async append(bytes, size) {
      const source = counted(bytes, size);
      const ask = {
        method: "PATCH",
        url: location,
        about: `an upload to ${name}`,
        scopes: scopesOf(name).push,
        expect: [201, 202, 204],
        missing: "BLOB_UPLOAD_UNKNOWN",
        headers: { "content-type": mediaTypes.bytes, ...chunkHeaders(offset, size) },
        body: source.bytes,
      } as const;
      const response = await remote.exchange(ask).catch((error: unknown) => {
        throw source.failed?.error ?? error;
      });
      ({ location } = await placeOf(response, remote, location));
      offset += source.count;
      return offset;
    },
    async commit(digest) {
      await requests.put(location, { digest, size: 0 }, new Uint8Array(0));
      return offset;
    },
    cancel: () => requests.cancel(location),
  };
}

/** A chunk of known size. Source: distribution-spec § Pushing a blob in chunks. */
function chunkHeaders(offset: number, size: number | undefined): Record<string, string> {
  if (size === undefined || size === 0) return {};
  return {
    "content-length": String(size),
    "content-range": printChunkRange(offset, size),
  };
}

/**
 * An id that stands for the whole location: its last segment where that is all there is to it (as
 * Entrepot's own), else the location itself, made fit for a path.
 */
function idOf(remote: Remote, name: string, location: string): string {
  const prefix = new URL(remote.root + uploadsPath(name)).href;
  const rest = location.startsWith(prefix) ? location.slice(prefix.length) : "";
  if (/^[\w.-]+$/.test(rest)) return rest;
  return `~${Buffer.from(location).toString("base64url")}`;
}

function locationOf(remote: Remote, name: string, id: string): string {
  if (!id.startsWith("~")) return uploadPath(name, id);
  const location = URL.parse(Buffer.from(id.slice(1), "base64url").toString());
  // Ids come back from clients: one that leads elsewhere was not made here.
  if (location?.origin === new URL(remote.root).origin) return location.href;
  return uploadPath(name, "unknown");
}
