import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { BlobUploads, Upload } from "@entrepot/registry";
import { parseUploadRange, printChunkRange, uploadPath, uploadsPath } from "../wire/index.ts";
import { discard } from "./response-body.ts";
import { scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";
import { placeOf, uploadRequests } from "./upload-requests.ts";
import type { UploadPlace } from "./upload-requests.ts";

/** Bytes per PATCH: what ghcr.io takes at most. A registry may ask for more. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const LARGEST_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Uploads in pieces to the remote repository `name`. Chunks are held in memory one at a time, so
 * that after an interruption both sides know which bytes have arrived.
 */
export function remoteUploads(remote: Remote, name: string): BlobUploads {
  const requests = uploadRequests(remote, name);
  return {
    async startUpload(algorithm) {
      return remoteUpload(remote, name, await requests.begin(algorithm), 0);
    },

    async resumeUpload(id) {
      const url = locationOf(remote, name, id);
      const about = `upload ${id} to ${name}`;
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
  const id = idOf(remote, name, begun.location);
  const chunkBytes = Math.min(Math.max(CHUNK_BYTES, begun.chunkMinBytes), LARGEST_CHUNK_BYTES);
  let { location } = begun;
  let offset = begunAt;

  async function patch(chunk: Uint8Array): Promise<void> {
    const response = await remote.exchange({
      method: "PATCH",
      url: location,
      about: `upload ${id} to ${name}`,
      scopes: scopesOf(name).push,
      expect: [201, 202, 204],
      missing: "BLOB_UPLOAD_UNKNOWN",
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(chunk.length),
        "content-range": printChunkRange(offset, chunk.length),
      },
      body: chunk,
    });
    ({ location } = await placeOf(response, remote, location));
    offset += chunk.length;
  }

  return {
    id,
    get offset() {
      return offset;
    },
    async append(bytes) {
      for await (const { chunk, error } of chunksOf(bytes, chunkBytes)) {
        if (chunk.length > 0) await patch(chunk);
        if (error) throw error.cause;
      }
      return offset;
    },
    async commit(digest) {
      await requests.put(location, { digest, size: 0 }, new Uint8Array(0));
      return offset;
    },
    cancel: () => requests.cancel(location),
  };
}

/** `bytes` in chunks of `size`; if they break off, what came before is the last, with the error. */
async function* chunksOf(bytes: Bytes, size: number) {
  let waiting: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length;) {
        const part = piece.subarray(at, at + size - length);
        waiting.push(part);
        length += part.length;
        at += part.length;
        if (length < size) continue;
        yield { chunk: Buffer.concat(waiting, length) };
        waiting = [];
        length = 0;
      }
    }
  } catch (cause) {
    yield { chunk: Buffer.concat(waiting, length), error: { cause } };
    return;
  }
  yield { chunk: Buffer.concat(waiting, length) };
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
