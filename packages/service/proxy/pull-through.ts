import {
  algorithmOf,
  asDigest,
  childrenOf,
  type Descriptor,
  type Digest,
  digestOf,
  isIndexType,
  isManifestType,
  isNonDistributable,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { LRUCache } from "lru-cache";
import { bytesOf, collect, eachOf, type Registry, type Repository } from "@entrepot/registry";
import { type Downloads, isDown } from "./downloads.ts";
import {
  type FindArriving,
  type FindArrivingOptions,
  type Found,
  openFindArriving,
} from "./find-arriving.ts";
import type { Upstream } from "./ports.ts";

/** What pulling through needs. */
export interface PullThroughOptions {
  /** Where a proxy's `repository` is fetched from; null for others. Asked at every request. */
  readonly upstreamOf: (repository: string) => Upstream | null;
  /** Who is copying to `repository`. Asked where something is not here. */
  readonly arrivingAt: FindArrivingOptions["arrivingAt"];
  /**
   * Our own registry in the proxy's name, which takes an index before its children; made for each
   * request.
   */
  readonly store: () => Registry;
  readonly downloads: Downloads;
  /** Told of what failed in the background. */
  readonly onError: (error: unknown) => void;
}

/** Fetches from upstream what is not here. */
export interface PullThrough {
  /**
   * `local`, guarded, with what upstream and those who copy here have behind it: for who
   * "reads". Who "asks" (HEAD) whether a blob is here may want to push it, and is not told of one
   * that is on its way; who "copies" is told of nothing that is.
   */
  over(local: Registry, who: "reads" | "asks" | "copies"): Registry;
  /** Waits for what is being kept. */
  settled(): Promise<void>;
}

/** What the calls share. */
interface Room extends PullThroughOptions {
  /** Runs `work` behind the answer, unless that of the same key is still under way. */
  readonly later: (key: string, work: () => Promise<unknown>) => void;
  /**
   * The tags by which manifests were found, by repository and digest: clients ask for the tag with
   * HEAD, and then for what it named by digest.
   */
  readonly named: LRUCache<string, string>;
}

/** Blobs of one image fetched at a time, behind the answers. */
const BLOBS_AT_ONCE = 4;
const NAMED_MS = 10 * 60_000;

/**
 * Opens pulling through. A tag is asked for upstream at every pull (HEAD) and is what it is there;
 * where upstream cannot be reached, what is here is served. A manifest that is pulled is kept with
 * all its blobs; of an index, only the children that are pulled. Content is fetched once however
 * many ask this node for it.
 */
export function openPullThrough(options: PullThroughOptions): PullThrough {
  const underWay = new Map<string, Promise<unknown>>();
  const later: Room["later"] = (key, work) => {
    if (underWay.has(key)) return;
    const done = work()
      .catch(options.onError)
      .finally(() => underWay.delete(key));
    underWay.set(key, done);
  };
  const named = new LRUCache<string, string>({ max: 10_000, ttl: NAMED_MS });
  const room: Room = { ...options, later, named };
  const arriving = openFindArriving(options);
  return {
    over: (local, who) => ({
      ...local,
      repository(name) {
        const here = local.repository(name);
        const upstream = options.upstreamOf(name);
        if (upstream) return proxied(room, here, upstream);
        return who === "copies" ? here : joined(here, arriving, who === "asks");
      },
    }),
    async settled() {
      await Promise.all(underWay.values());
      await options.downloads.settled();
    },
  };
}

/** A repository with what is being copied to it: what has not arrived is passed on. */
function joined(local: Repository, arriving: FindArriving, asksOnly: boolean): Repository {
  /** What was found elsewhere by this request, and so is fetched from there. */
  const elsewhere = new Map<Digest, Repository>();
  const noting = (found: Found | null): Descriptor | null => {
    if (found) elsewhere.set(found.content.digest, found.there);
    return found?.content ?? null;
  };
  return {
    ...local,

    async resolve(reference) {
      const here = await local.resolve(reference);
      return here ?? noting(await arriving.manifest(local.name, reference));
    },

    async stat(digest) {
      const here = await local.stat(digest);
      if (here || asksOnly) return here;
      return noting(await arriving.blob(local.name, digest));
    },

    fetch: (content, range) => (elsewhere.get(content.digest) ?? local).fetch(content, range),
  };
}

/** A repository of a proxy: what it has is what `upstream` has. */
function proxied(room: Room, local: Repository, upstream: Upstream): Repository {
  const store = room.store().repository(local.name);
  const refused = (): never => {
    const project = local.name.split("/", 1)[0];
    throw new RegistryError(
      "DENIED",
      `project '${project}' is a proxy: it holds what its registry has; push there instead`,
    );
  };

  return {
    ...local,

    async resolve(reference) {
      const here = await local.resolve(reference);
      if (here && asDigest(reference) !== null) return here;
      const found = await resolveThere(upstream, local.name, reference, here);
      if (!found || asDigest(reference) !== null || found.digest === here?.digest) return found;
      const key = `${local.name}@${found.digest}`;
      room.named.set(key, reference);
      if (await store.resolve(found.digest)) {
        room.later(`${key}:${reference}`, () => store.tag(reference, found.digest));
      }
      return found;
    },

    stat: async (digest) => (await local.stat(digest)) ?? (await upstream.open()).stat(digest),

    async fetch(content, range) {
      if (isManifestType(content.mediaType)) {
        if (await local.resolve(content.digest)) return local.fetch(content);
        return bytesOf(await fetchManifest(room, upstream, store, content));
      }
      if (await local.stat(content.digest)) return local.fetch(content, range);
      // A part is passed on: who asks for parts asks for the next one soon.
      if (range) return (await upstream.open()).fetch(content, range);
      return room.downloads.open(await upstream.open(), store, content);
    },

    async tags(query) {
      await maySee(local);
      const there = upstream.open().then((repository) => repository.tags(query));
      return orHere(there, () => local.tags(query));
    },

    async referrers(digest, query) {
      await maySee(local);
      const there = upstream.open().then((repository) => repository.referrers(digest, query));
      return orHere(there, () => local.referrers(digest, query));
    },

    push: async () => refused(),
    tag: async () => refused(),
    mount: async () => refused(),
    startUpload: async () => refused(),
  };
}

/** Throws what the guard throws at who may not pull: upstream is asked for nobody else. */
async function maySee(local: Repository): Promise<void> {
  await local.resolve("latest");
}

/** `asked` of upstream, or what is here where that cannot be reached. */
async function orHere<T>(asked: Promise<T>, here: () => Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (isDown(error)) return here();
    throw error;
  }
}

/** What upstream names `reference`; what is `here` where it cannot be asked. */
async function resolveThere(
  upstream: Upstream,
  name: string,
  reference: string,
  here: Descriptor | null,
): Promise<Descriptor | null> {
  try {
    return await (await upstream.open()).resolve(reference);
  } catch (error) {
    if (!isDown(error)) return null;
    if (here) return here;
    throw new RegistryError(
      "UNAVAILABLE",
      `${name}:${reference} is not here, and the registry that this is a proxy of cannot be ` +
        `asked: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** The manifest's bytes, checked; it is kept behind the answer. */
async function fetchManifest(
  room: Room,
  upstream: Upstream,
  store: Repository,
  content: Descriptor,
): Promise<Uint8Array> {
  const there = await upstream.open();
  const bytes = await collect(await there.fetch(content), MANIFEST_LIMIT_BYTES);
  if (digestOf(bytes, algorithmOf(content.digest)) !== content.digest) {
    throw new RegistryError(
      "INTEGRITY",
      `the manifest that came for ${content.digest} is another one; try again`,
    );
  }
  const key = `${store.name}@${content.digest}`;
  room.later(key, () => keep(room, there, store, content, bytes, room.named.get(key)));
  return bytes;
}

/** Keeps an image with all its blobs, or an index whose children come when they are pulled. */
async function keep(
  { downloads }: Room,
  there: Repository,
  store: Repository,
  content: Descriptor,
  bytes: Uint8Array,
  tag: string | undefined,
): Promise<void> {
  if (!isIndexType(content.mediaType)) {
    const { blobs } = childrenOf(parseManifest(bytes, content.mediaType));
    const wanted = blobs.filter((blob) => !isNonDistributable(blob));
    await eachOf(wanted, BLOBS_AT_ONCE, (blob) => downloads.bring(there, store, blob));
  }
  await store.push(content, bytesOf(bytes), tag === undefined ? [] : [tag]);
}
