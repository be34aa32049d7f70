import { createHash } from "node:crypto";
import {
  type Bytes,
  type Descriptor,
  digestOf,
  type Digest,
  mediaTypes,
  RegistryError,
} from "@entrepot/oci";
import {
  bytesOf,
  collect,
  pages,
  type Repository,
  slowed,
  type Throttle,
} from "@entrepot/registry";
import type { ObjectInfo, ObjectStore } from "@entrepot/storage";
import { LRUCache } from "lru-cache";
import { damaged } from "./format.ts";
import { beforeTags, isCut, keyOfTag, tagOfKey } from "./object-tag.ts";

/** What the manifests of objects say they are. */
export const OBJECT_TYPE = "application/vnd.entrepot.backup.object.v1";

const TITLE = "org.opencontainers.image.title";
const CREATED = "org.opencontainers.image.created";
const EMPTY: Descriptor = {
  mediaType: mediaTypes.ociEmpty,
  digest: digestOf(bytes("{}")),
  size: 2,
};
/** Up to this size an object goes in one piece, which can be sent again. */
const SMALL_BYTES = 1024 * 1024;
const LARGEST_MANIFEST = 16 * 1024;
/** What manifests say that were read lately: a manifest never changes. */
const MOST_KNOWN = 10_000;

/** What a place in a registry is opened with. */
export interface RegistryObjectsOptions {
  /** The repository that holds nothing else: asked for again for each act. */
  readonly repository: () => Promise<Repository>;
  readonly throttle?: Throttle | undefined;
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
 * keys alone. Of two processes that put if absent within the same instant both may be told true: a
 * registry has no such request.
 */
export function registryObjects(options: RegistryObjectsOptions): ObjectStore {
  const read = readerOf(options);
  const write = writerOf(options);
  // One at a time, so that within this process one of several is told true.
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    async put(key, content) {
      await write(tagOfKey(key), key, content);
    },
    putIfAbsent: async (key, content) => {
      const tag = tagOfKey(key);
      return await alone(async () => {
        if (await (await options.repository()).resolve(tag)) return false;
        const put = await write(tag, key, bytesOf(content));
        return (await (await options.repository()).resolve(tag))?.digest === put;
      });
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

/** Stores an object in place of what is there; returns its manifest's digest. */
function writerOf({ repository, throttle, now = () => new Date() }: RegistryObjectsOptions) {
  /** The config that all manifests share: brought once, and again when it has been lost. */
  let shared: Promise<void> | null = null;
  return async (tag: string, key: string, content: Bytes): Promise<Digest> => {
    const there = await repository();
    const before = await there.resolve(tag);
    const layer = await storeBytes(there, slowed(content, throttle, undefined));
    const text = bytes(manifestOf(key, layer, now()));
    const { ociManifest: mediaType } = mediaTypes;
    const manifest = { mediaType, digest: digestOf(text), size: text.length };
    const push = async () => {
      await (shared ??= there.push(EMPTY, bytesOf("{}")));
      await there.push(manifest, bytesOf(text), [tag]);
    };
    await push().catch(async (error: unknown) => {
      shared = null;
      if (!(error instanceof RegistryError) || error.code !== "MANIFEST_BLOB_UNKNOWN") throw error;
      await push();
    });
    if (before && before.digest !== manifest.digest) await there.delete(before.digest);
    return manifest.digest;
  };
}

function manifestOf(key: string, layer: Descriptor, created: Date): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: OBJECT_TYPE,
    config: EMPTY,
    layers: [{ ...layer, annotations: { [TITLE]: key.slice(key.lastIndexOf("/") + 1) } }],
    annotations: { [TITLE]: key, [CREATED]: created.toISOString() },
  });
}

/** A small object at once, a larger one by an upload: its digest is known at its end. */
async function storeBytes(repository: Repository, content: Bytes): Promise<Descriptor> {
  const hash = createHash("sha256");
  const begun: Uint8Array[] = [];
  let size = 0;
  const pieces = (async function* () {
    for await (const piece of content) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  })();
  const described = (): Descriptor => {
    const digest = `sha256:${hash.digest("hex")}` as Digest;
    return { mediaType: mediaTypes.bytes, digest, size };
  };
  try {
    while (size <= SMALL_BYTES) {
      const { value, done } = await pieces.next();
      if (done) {
        const layer = described();
        await repository.push(layer, bytesOf(...begun));
        return layer;
      }
      begun.push(Buffer.from(value)); // whoever gave it may use its memory again
    }
    const upload = await repository.startUpload("sha256");
    try {
      await upload.append(joined(begun, pieces));
      const layer = described();
      await upload.commit(layer.digest);
      return layer;
    } catch (error) {
      // The first failure is the one to tell; what stays begun the registry forgets.
      await upload.cancel().catch(() => undefined);
      throw error;
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function* joined(begun: readonly Uint8Array[], rest: Bytes): Bytes {
  yield* begun;
  yield* rest;
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

/** There is no repository before the first push. */
function unlessNone(error: unknown) {
  if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") {
    return { items: [], next: null };
  }
  throw error;
}

function unlessLost(key: string) {
  return (error: unknown): never => {
    if (!(error instanceof RegistryError) || error.code !== "BLOB_UNKNOWN") throw error;
    throw damaged(key, "its registry has lost its bytes");
  };
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
