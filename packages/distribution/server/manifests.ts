import { asReference, digestOf, algorithmOf, parseManifest, parseReference } from "@entrepot/oci";
import { parseTag, RegistryError } from "@entrepot/oci";
import type { Descriptor, Digest, Reference } from "@entrepot/oci";
import { header, manifestPath, matchesETag } from "../wire/index.ts";
import { collect, receive } from "./body.ts";
import { contentLength } from "./call.ts";
import type { RepositoryCall } from "./call.ts";
import { contentHeaders, empty, whole } from "./reply.ts";

/** A tag moves and a manifest can be deleted, so both are asked for again, cheaply, by ETag. */
const REVALIDATE = "no-cache";

/**
 * GET and HEAD of a manifest by tag or digest. What was stored is served whatever `Accept` says,
 * as other registries do: converting would change the digest. Source: distribution-spec end-3.
 */
export async function getManifest(call: RepositoryCall, reference: string): Promise<Response> {
  const { request, repository } = call;
  const known = asReference(reference);
  if (!known) {
    // A malformed digest is a bad request; a malformed tag just is not there.
    if (reference.includes(":")) parseReference(reference);
    throw manifestUnknown(reference, repository.name);
  }
  const manifest = await repository.resolve(reference);
  if (!manifest) throw manifestUnknown(reference, repository.name);

  const headers = contentHeaders(manifest.digest, manifest.mediaType, REVALIDATE);
  const ifNoneMatch = request.headers.get("if-none-match");
  if (ifNoneMatch !== null && matchesETag(ifNoneMatch, manifest.digest)) return empty(304, headers);
  if (request.method === "HEAD") {
    headers["Content-Length"] = String(manifest.size);
    return empty(200, headers);
  }
  return whole(request, await manifestBytes(call, manifest), headers);
}

async function manifestBytes(call: RepositoryCall, manifest: Descriptor): Promise<Uint8Array> {
  const bytes = await collect(await call.repository.fetch(manifest), manifest.size);
  if (bytes.byteLength === manifest.size) return bytes;
  throw new RegistryError(
    "INTEGRITY",
    `manifest ${manifest.digest} has ${bytes.byteLength} of ${manifest.size} bytes; push it again`,
  );
}

/**
 * PUT of a manifest by tag, by digest, or by digest with several `?tag=`. The bytes are stored as
 * they came. Source: distribution-spec end-7a, end-7b.
 */
export async function putManifest(call: RepositoryCall, reference: string): Promise<Response> {
  const { repository, request } = call;
  const target = parseReference(reference);
  const tags = wantedTags(call, target);
  const bytes = await readManifest(call);
  const digest = checkedDigest(target, bytes);
  const parsed = parseManifest(bytes, request.headers.get("content-type") ?? undefined);

  const manifest = { mediaType: parsed.mediaType, digest, size: bytes.byteLength };
  await repository.push(manifest, once(bytes), tags);

  const headers: Record<string, string> = {
    Location: manifestPath(repository.name, digest),
    [header.CONTENT_DIGEST]: digest,
  };
  if (parsed.subject) headers[header.SUBJECT] = parsed.subject.digest;
  if (call.query.has("tag")) headers[header.TAG] = tags.join(", ");
  return empty(201, headers);
}

function wantedTags(call: RepositoryCall, target: Reference): string[] {
  const named = call.query.getAll("tag").map(parseTag);
  const tags = target.tag === undefined ? named : [target.tag, ...named];
  return [...new Set(tags)];
}

async function readManifest(call: RepositoryCall): Promise<Uint8Array> {
  const limit = call.limits.manifestBytes;
  if ((contentLength(call.request) ?? 0) <= limit) return collect(receive(call), limit);
  throw new RegistryError(
    "REQUEST_ENTITY_TOO_LARGE",
    `the manifest is longer than the ${limit} bytes that are taken`,
  );
}

function checkedDigest(target: Reference, bytes: Uint8Array): Digest {
  if (target.digest === undefined) return digestOf(bytes);
  const actual = digestOf(bytes, algorithmOf(target.digest));
  if (actual === target.digest) return actual;
  throw new RegistryError(
    "DIGEST_INVALID",
    `the manifest's digest is ${actual}, the path says ${target.digest}`,
  );
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

/** DELETE of a tag, or of a manifest with all its tags. Source: distribution-spec end-9. */
export async function deleteManifest(call: RepositoryCall, reference: string): Promise<Response> {
  parseReference(reference);
  if (await call.repository.delete(reference)) return empty(202);
  throw manifestUnknown(reference, call.repository.name);
}

function manifestUnknown(reference: string, name: string): RegistryError {
  const shown = reference.slice(0, 200);
  return new RegistryError("MANIFEST_UNKNOWN", `manifest ${shown} is not in repository ${name}`, {
    detail: { reference: shown },
  });
}
