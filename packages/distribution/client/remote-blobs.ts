import { mediaTypes, RegistryError } from "@entrepot/oci";
import type { Bytes, Descriptor, Digest } from "@entrepot/oci";
import type { ByteRange, Repository } from "@entrepot/registry";
import { blobPath, parseContentRange, printRange } from "../wire/index.ts";
import { resumingBytes } from "./resuming-bytes.ts";
import { discard, slice } from "./response-body.ts";
import { scopesOf } from "./remote.ts";
import type { Remote } from "./remote.ts";

/** Reading and deleting blobs of the remote repository `name`. */
export function remoteBlobs(
  remote: Remote,
  name: string,
): Pick<Repository, "stat" | "deleteBlob"> & {
  fetchBlob(content: Descriptor, range?: ByteRange): Promise<Bytes>;
} {
  const scopes = scopesOf(name);
  const about = (digest: Digest) => aboutBlob(name, digest);
  const open = (digest: Digest, start: number, end?: number) =>
    openBlob(remote, name, digest, start, end);

  return {
    async stat(digest) {
      const url = blobPath(name, digest);
      const response = await remote.exchange({
        method: "HEAD",
        url,
        about: about(digest),
        scopes: scopes.pull,
        expect: [200, 404],
      });
      await discard(response);
      if (response.status === 404) return null;
      const length = response.headers.get("content-length");
      if (length !== null) return { mediaType: mediaTypes.bytes, digest, size: Number(length) };
      throw new RegistryError(
        "UNSUPPORTED",
        `HEAD ${about(digest)} at ${remote.root}: the answer does not tell the blob's size`,
      );
    },

    async fetchBlob(content, range) {
      const start = range?.start ?? 0;
      const end = range?.length === undefined ? undefined : start + range.length;
      if (end === start) return none();
      const first = await open(content.digest, start, end);
      const last = end ?? content.size;
      const reopen = (at: number) => open(content.digest, at, end);
      return resumingBytes(
        first,
        start,
        last,
        reopen,
        `GET ${about(content.digest)} at ${remote.root}`,
      );
    },

    async deleteBlob(digest) {
      const response = await remote.exchange({
        method: "DELETE",
        url: blobPath(name, digest),
        about: about(digest),
        scopes: scopes.delete,
        expect: [200, 202, 204, 404],
      });
      await discard(response);
      return response.status !== 404;
    },
  };
}

async function* none(): Bytes {}

/** The bytes from `start` on; a registry that ignores Range costs us the skipping. */
async function openBlob(
  remote: Remote,
  name: string,
  digest: Digest,
  start: number,
  end?: number,
): Promise<Bytes> {
  const partial = start > 0 || end !== undefined;
  const length = end === undefined ? undefined : end - start;
  const response = await remote.exchange({
    method: "GET",
    url: blobPath(name, digest),
    about: aboutBlob(name, digest),
    scopes: scopesOf(name).pull,
    expect: [200, 206],
    missing: "BLOB_UNKNOWN",
    headers: partial ? { range: printRange(start, length) } : {},
  });
  const body = response.body ?? none();
  if (response.status === 200) return partial ? slice(body, start, length) : body;
  const sent = parseContentRange(response.headers.get("content-range") ?? "");
  if (sent && sent.first <= start) return slice(body, start - sent.first, length);
  await discard(response);
  const about = aboutBlob(name, digest);
  const message = `GET ${about} at ${remote.root}: it sends another part than asked for`;
  throw new RegistryError("RANGE_INVALID", message);
}

function aboutBlob(name: string, digest: Digest): string {
  return `blob ${digest} of ${name}`;
}
