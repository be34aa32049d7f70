import { type Bytes, type Descriptor, type Digest, mediaTypes, RegistryError } from "@entrepot/oci";
import {
  bytesOf,
  collect,
  copyContent,
  pages,
  type Repository,
  slowed,
  type Throttle,
  type Transfers,
} from "@entrepot/registry";
import type { KnownContent, ObjectInfo, ObjectStore } from "@entrepot/storage";
import { LRUCache } from "lru-cache";
import { damaged } from "./format.ts";
import { beforeTags, isCut, keyOfTag, tagOfKey } from "./object-tag.ts";
import { type ClaimTime, openClaims } from "./registry-claims.ts";
import { manifestPusher, type PushManifest, unlessNone } from "./registry-manifests.ts";
import { SMALL_BYTES, storeStream } from "./registry-upload.ts";

/** What the manifests of objects say they are. */
const OBJECT_TYPE = "application/vnd.entrepot.backup.object.v1";

const TITLE = "org.opencontainers.image.title";
const CREATED = "org.opencontainers.image.created";
const LARGEST_MANIFEST = 16 * 1024;
/** What manifests say that were read lately: a manifest never changes. */
const MOST_KNOWN = 10_000;

/** What a place in a registry is opened with. */
export interface RegistryObjectsOptions extends ClaimTime {
  /** The repository that holds nothing else: asked for again for each act. */
  readonly repository: () => Promise<Repository>;
  readonly throttle?: Throttle | undefined;
  /** With it, a large object that was cut off goes on where it was, even in another process. */
  readonly transfers?: Transfers | undefined;
  /** Tags asked for at a time; as many as the registry likes, if absent. */
  readonly pageSize?: number;
  readonly now?: () => Date;
  readonly close?: () => Promise<void>;
}

/** An object's own bytes, and what its manifest says. */
interface Found extends ObjectInfo {
  readonly size: number;
  readonly layer: Descriptor;
  readonly manifest: Digest;
}

/**
 * Objects in a repository of a registry: each is an artifact of one layer, its bytes, under a tag
 * that is its key. The bytes come first and the tag last, so that an object is there whole or not
 * at all; its manifest keeps them from the registry's garbage collection from then on. Lists tell
 * keys alone. A registry has no request that stores what is not there: who does so claims the place
 * before.
 */
export function registryObjects(options: RegistryObjectsOptions): ObjectStore {
  const read = readerOf(options);
  const push = manifestPusher(options.repository);
  const write = writerOf(options, push);
  return {
    async put(key, content, known) {
      const tag = tagOfKey(key);
      const before = await (await options.repository()).resolve(tag);
      const now = await write(tag, key, content, known);
      if (!before || before.digest === now) return;
      await (await options.repository()).delete(before.digest);
    },
    async putIfAbsent(key, content) {
      const tag = tagOfKey(key);
      return await putUnlessThere(options, push, tag, () => write(tag, key, bytesOf(content)));
    },
    async get(key, { start, length } = { start: 0 }) {
      const found = await read(tagOfKey(key));
      if (!found) return null;
      const end = length === undefined ? Math.max(start, found.size) : start + length;
      if (end > found.size) {
        const message = `object ${key} has ${found.size} bytes, fewer than ${end}`;
        throw new RegistryError("INTEGRITY", message);
      }
      const range = { start, length: end - start };
      const whole = start === 0 && end === found.size;
      const repository = await options.repository();
      return await repository.fetch(found.layer, whole ? undefined : range).catch(unlessLost(key));
    },
    async stat(key) {
      const found = await read(tagOfKey(key));
      return found && { key: found.key, size: found.size, modified: found.modified };
    },
    list: (prefix, after) => listed(options, read, prefix, after),
    async remove(key) {
      const repository = await options.repository();
      const manifest = await repository.resolve(tagOfKey(key));
      // Its manifest names its key, so it has no other tag.
      return manifest !== null && (await repository.delete(manifest.digest));
    },
    close: options.close ?? (async () => undefined),
  };
}

type Read = ReturnType<typeof readerOf>;

/** What lies under a tag, or null. Throws INTEGRITY for what is no object. */
function readerOf({ repository }: RegistryObjectsOptions) {
  const known = new LRUCache<Digest, Found>({ max: MOST_KNOWN });
  return async (tag: string): Promise<Found | null> => {
    const there = await repository();
    const manifest = await there.resolve(tag);
    if (!manifest) return null;
    const before = known.get(manifest.digest);
    if (before) return before;
    const text = await collect(await there.fetch(manifest), LARGEST_MANIFEST);
    const found = foundIn(Buffer.from(text).toString("utf8"), manifest.digest);
    if (!found) throw damaged(`tag ${tag}`, "it is no object of a backup");
    known.set(manifest.digest, found);
    return found;
  };
}

function foundIn(text: string, manifest: Digest): Found | null {
  const { artifactType, annotations, layers } = JSON.parse(text) as {
    artifactType?: string;
    annotations?: Record<string, string>;
    layers?: Descriptor[];
  };
  const key = annotations?.[TITLE];
  const [layer] = layers ?? [];
  if (artifactType !== OBJECT_TYPE || key === undefined || !layer) return null;
  return { key, size: layer.size, modified: new Date(annotations![CREATED]!), layer, manifest };
}

/** Stores an object's bytes and its manifest; returns the manifest's digest. */
function writerOf(options: RegistryObjectsOptions, push: PushManifest) {
  const { repository, throttle, now = () => new Date() } = options;
  return async (tag: string, key: string, content: Bytes, known?: KnownContent) => {
    const there = await repository();
    const layer =
      known && known.size > SMALL_BYTES
        ? await storeKnown(there, known, options)
        : await storeStream(there, slowed(content, throttle, undefined), options.pause);
    return (await push(manifestOf(key, layer, now()), tag)).digest;
  };
}

function manifestOf(key: string, layer: Descriptor, created: Date): object {
  return {
    artifactType: OBJECT_TYPE,
    layers: [{ ...layer, annotations: { [TITLE]: key.slice(key.lastIndexOf("/") + 1) } }],
    annotations: { [TITLE]: key, [CREATED]: created.toISOString() },
  };
}

/** What can be read again from anywhere goes on where it was, and not at all if it is there. */
async function storeKnown(
  there: Repository,
  { digest, size, read }: KnownContent,
  { throttle, transfers }: RegistryObjectsOptions,
): Promise<Descriptor> {
  const layer = { mediaType: mediaTypes.bytes, digest, size };
  const source = {
    name: "the storage",
    stat: async () => layer,
    fetch: async (_content: Descriptor, range?: { readonly start: number }) =>
      read(range?.start ?? 0),
  };
  await copyContent(source, there, layer, {
    ...(throttle && { throttle }),
    ...(transfers && { transfers }),
  });
  return layer;
}

/**
 * Stores with `write` what lies under `tag` unless something does: false then. Of several writers,
 * in any processes, one is told true. Throws CONFLICT where that is not sure.
 */
async function putUnlessThere(
  options: RegistryObjectsOptions,
  push: PushManifest,
  tag: string,
  write: () => Promise<Digest>,
): Promise<boolean> {
  const { repository } = options;
  const now = async () => (await (await repository()).resolve(tag))?.digest;
  const claims = openClaims(repository, push, options);
  for (;;) {
    if (await now()) return false;
    const claim = await claims.take();
    if (!claim) continue;
    try {
      if (await now()) return false;
      if (!claim.isFresh()) continue;
      const stored = await write();
      if ((await now()) !== stored) return false;
      if (await claim.isHeld()) return true;
    } finally {
      // One that stays is removed by the next writer that waits for it.
      await claim.release().catch(() => undefined);
    }
    const message = `storing ${tag} took so long that another process may have done so; run again`;
    throw new RegistryError("CONFLICT", message);
  }
}

/** Keys in their order, by tags in theirs. Throws UNSUPPORTED where tags have another. */
async function* listed(
  { repository, pageSize }: RegistryObjectsOptions,
  read: Read,
  prefix: string,
  after = "",
): AsyncGenerator<ObjectInfo> {
  const begin = beforeTags(prefix, after);
  const ask = async (query: { last?: string }) => {
    const last = query.last ?? (begin === "" ? undefined : begin);
    const page = { ...(last !== undefined && { last }), ...(pageSize && { n: pageSize }) };
    return await (await repository()).tags(page).catch(unlessNone);
  };
  let before = "";
  for await (const tag of pages(ask)) {
    const key = isCut(tag) ? (await read(tag))?.key : keyOfTag(tag);
    if (key === undefined || key === null) continue;
    if (key <= before) {
      const message = "this registry lists tags in an order of its own; backups cannot lie there";
      throw new RegistryError("UNSUPPORTED", message);
    }
    before = key;
    if (key > prefix && !key.startsWith(prefix)) return;
    if (key.startsWith(prefix) && key > after) yield { key, size: null, modified: null };
  }
}

function unlessLost(key: string) {
  return (error: unknown): never => {
    if (!(error instanceof RegistryError) || error.code !== "BLOB_UNKNOWN") throw error;
    throw damaged(key, "its registry has lost its bytes");
  };
}
