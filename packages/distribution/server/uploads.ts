import {
  algorithmOf,
  asDigest,
  isRepositoryName,
  mediaTypes,
  parseDigest,
  RegistryError,
} from "@entrepot/oci";
import type { Algorithm, Digest } from "@entrepot/oci";
import type { Upload } from "@entrepot/registry";
import {
  blobPath,
  header,
  parseChunkRange,
  printErrors,
  printUploadRange,
  uploadPath,
} from "../wire/index.ts";
import { hasBody, receive } from "./body.ts";
import { contentLength } from "./call.ts";
import type { RepositoryCall } from "./call.ts";
import { empty, whole } from "./reply.ts";

/**
 * POST to where uploads begin: a mount, a whole blob at once, or a new upload.
 * Source: distribution-spec end-4a, end-4b, end-4c, end-11.
 */
export async function startUpload(call: RepositoryCall): Promise<Response> {
  const { query, repository } = call;
  const mount = query.get("mount");
  if (mount !== null && (await mounted(call, parseDigest(mount)))) {
    return created(call, parseDigest(mount));
  }
  const digest = query.get("digest");
  if (digest !== null && mount === null) return pushAtOnce(call, parseDigest(digest));

  const upload = await repository.startUpload(wantedAlgorithm(query, mount ?? digest));
  return empty(202, progress(call, upload));
}

async function mounted(call: RepositoryCall, digest: Digest): Promise<boolean> {
  const from = call.query.get("from") || undefined;
  // What cannot be mounted is uploaded instead; a name that cannot exist is no exception.
  if (from !== undefined && !isRepositoryName(from)) return false;
  // The size is not on the wire; whoever mounts goes by the digest.
  const content = { mediaType: mediaTypes.bytes, digest, size: 0 };
  return call.repository.mount(content, from);
}

async function pushAtOnce(call: RepositoryCall, digest: Digest): Promise<Response> {
  const { repository, request } = call;
  const size = contentLength(request);
  if (size !== null) {
    await repository.push({ mediaType: mediaTypes.bytes, digest, size }, receive(call));
    return created(call, digest);
  }
  const upload = await repository.startUpload(algorithmOf(digest));
  try {
    await upload.append(receive(call));
  } catch (error) {
    // Nobody has been told of this upload, so nobody can continue it.
    await upload.cancel();
    throw error;
  }
  await upload.commit(digest);
  return created(call, digest);
}

function wantedAlgorithm(query: URLSearchParams, digest: string | null): Algorithm | undefined {
  const name = query.get("digest-algorithm");
  if (name === "sha256" || name === "sha512") return name;
  if (name === null) return digest === null ? undefined : algorithmOf(parseDigest(digest));
  throw new RegistryError(
    "DIGEST_INVALID",
    `digest-algorithm ${JSON.stringify(name.slice(0, 50))} is not sha256 or sha512`,
  );
}

/** PATCH of an upload: its next chunk, or with no Content-Range a stream. Source: end-5. */
export async function appendChunk(call: RepositoryCall, id: string): Promise<Response> {
  const upload = await findUpload(call, id);
  return withProgress(call, upload, async () => {
    await append(call, upload);
    return empty(202, progress(call, upload));
  });
}

/** PUT of an upload: perhaps a last chunk, then it is a blob. Source: distribution-spec end-6. */
export async function finishUpload(call: RepositoryCall, id: string): Promise<Response> {
  const text = call.query.get("digest");
  if (text === null) {
    throw new RegistryError(
      "DIGEST_INVALID",
      "the query names no digest; end with ?digest=<digest>",
    );
  }
  const digest = parseDigest(text);
  const upload = await findUpload(call, id);
  return withProgress(call, upload, async () => {
    if (hasBody(call)) await append(call, upload);
    await upload.commit(digest);
    return created(call, digest);
  });
}

/** GET of an upload: how far it is. Source: distribution-spec end-13. */
export async function uploadStatus(call: RepositoryCall, id: string): Promise<Response> {
  return empty(204, progress(call, await findUpload(call, id)));
}

/** DELETE of an upload. Source: distribution-spec end-14. */
export async function cancelUpload(call: RepositoryCall, id: string): Promise<Response> {
  const upload = await findUpload(call, id);
  await upload.cancel();
  return empty(204);
}

async function append(call: RepositoryCall, upload: Upload): Promise<void> {
  const text = call.request.headers.get("content-range");
  if (text === null) {
    await upload.append(receive(call));
    return;
  }
  const chunk = parseChunkRange(text);
  if (!chunk) {
    const shown = JSON.stringify(text.slice(0, 100));
    throw new RegistryError("BLOB_UPLOAD_INVALID", `Content-Range ${shown} is not <first>-<last>`);
  }
  if (chunk.first !== upload.offset) {
    throw new RegistryError(
      "RANGE_INVALID",
      `the chunk begins at ${chunk.first}; upload ${upload.id} continues at ${upload.offset}`,
    );
  }
  const size = chunk.last - chunk.first + 1;
  const announced = contentLength(call.request);
  if (announced !== null && announced !== size) {
    throw new RegistryError(
      "SIZE_INVALID",
      `Content-Range ${text} is ${size} bytes, Content-Length is ${announced}`,
    );
  }
  await upload.append(receive(call, size));
}

async function findUpload(call: RepositoryCall, id: string): Promise<Upload> {
  const upload = await call.repository.resumeUpload(id);
  if (upload) return upload;
  throw new RegistryError(
    "BLOB_UPLOAD_UNKNOWN",
    `upload ${JSON.stringify(id.slice(0, 100))} is not open in ${call.repository.name}; ` +
      "start a new one",
  );
}

/** Does `act`; a chunk out of order is answered with where the upload really stands. */
async function withProgress(
  call: RepositoryCall,
  upload: Upload,
  act: () => Promise<Response>,
): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "RANGE_INVALID") throw error;
    const now = (await call.repository.resumeUpload(upload.id)) ?? upload;
    const headers = { ...progress(call, now), "Content-Type": header.JSON_TYPE };
    return whole(call.request, Buffer.from(printErrors(error.code, error.message)), headers, 416);
  }
}

function progress(call: RepositoryCall, upload: Upload): Record<string, string> {
  return {
    Location: uploadPath(call.repository.name, upload.id),
    Range: printUploadRange(upload.offset),
    [header.UPLOAD_UUID]: upload.id,
  };
}

function created(call: RepositoryCall, digest: Digest): Response {
  const location = blobPath(call.repository.name, digest);
  return empty(201, { Location: location, [header.CONTENT_DIGEST]: digest });
}

/** Whether the query names a repository to mount from; then its name. */
export function mountSource(query: URLSearchParams): string | null {
  const mount = query.get("mount");
  const from = query.get("from");
  return mount !== null && from !== null && asDigest(mount) ? from : null;
}
