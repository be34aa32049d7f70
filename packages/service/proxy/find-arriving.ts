import { setTimeout as pause } from "node:timers/promises";
import {
  asDigest,
  childrenOf,
  type Descriptor,
  type Digest,
  isManifestType,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect, NESTING_LIMIT, type Repository, verified } from "@entrepot/registry";
import { LRUCache } from "lru-cache";
import type { Arriving } from "./ports.ts";

/** Content that is not here yet, and the repository that has it. */
export interface Found {
  readonly content: Descriptor;
  readonly there: Repository;
}

/** Finds what is being copied here, where it is copied from. */
export interface FindArriving {
  /** The manifest that `reference` is going to name in `repository`; null if none is coming. */
  manifest(repository: string, reference: string): Promise<Found | null>;
  /** A blob of what is coming; null if it is of nothing that is. */
  blob(repository: string, digest: Digest): Promise<Found | null>;
}

/** What finding needs. */
export interface FindArrivingOptions {
  /** Who copies to `repository`, as of now. */
  readonly arrivingAt: (repository: string) => Promise<readonly Arriving[]>;
  /** Told of what could not be asked: it is then as absent as it is here. */
  readonly onError: (error: unknown) => void;
}

type Ask = (there: Repository, digest: Digest) => Promise<Descriptor | null>;

/** How long a client waits for the source, where nothing is here. */
const PATIENCE_MS = 10_000;
/** Images whose parts are looked through for a digest, beside those that were asked for lately. */
const MOST_ROOTS = 64;
/** Parts of one image that are kept in memory, and of how many images. */
const MOST_DIGESTS = 10_000;
const GRAPHS = 200;
const GRAPH_MS = 10 * 60_000;

/**
 * Only what is on its way can be read: the names that are wanted, and what their manifests hold.
 * Nothing else that the source has is shown to whoever may pull here.
 */
export function openFindArriving({ arrivingAt, onError }: FindArrivingOptions): FindArriving {
  const graphs = new LRUCache<string, Promise<ReadonlySet<Digest>>>({ max: GRAPHS, ttl: GRAPH_MS });
  const lately = new LRUCache<string, Map<Digest, true>>({ max: 1_000, ttl: GRAPH_MS });

  const within = (arriving: Arriving, there: Repository, root: Digest) => {
    const key = `${arriving.key}@${root}`;
    const known = graphs.get(key) ?? digestsUnder(there, root);
    graphs.set(key, known, { noUpdateTTL: true });
    known.catch(() => graphs.delete(key));
    return known;
  };

  const isWithin = async (arriving: Arriving, roots: Iterable<Digest>, digest: Digest) => {
    const there = await arriving.open();
    for (const root of roots) if ((await within(arriving, there, root)).has(digest)) return true;
    return false;
  };

  /** The digest of what is asked for, if it is on its way, or was when its image was asked for. */
  async function comingDigest(arriving: Arriving, reference: string): Promise<Digest | null> {
    const digest = asDigest(reference);
    const asked = lately.get(arriving.key)?.keys() ?? [];
    if (digest && (await isWithin(arriving, asked, digest))) return digest;
    const wanted = await arriving.wanted(reference);
    const named = wanted.find((one) => one.reference === reference || one.digest === reference);
    if (named) noteLately(lately, arriving.key, named.digest);
    if (named || !digest) return named?.digest ?? null;
    const some = new Set(wanted.slice(0, MOST_ROOTS).map((one) => one.digest));
    return (await isWithin(arriving, some, digest)) ? digest : null;
  }

  async function findAt(arriving: Arriving, reference: string, ask: Ask): Promise<Found | null> {
    const digest = await comingDigest(arriving, reference);
    if (!digest) return null;
    const there = await arriving.open();
    const content = await ask(there, digest);
    return content && { content, there };
  }

  async function find(repository: string, reference: string, ask: Ask): Promise<Found | null> {
    for (const arriving of await arrivingAt(repository)) {
      try {
        const patience = pause(PATIENCE_MS, null, { ref: false });
        const found = await Promise.race([findAt(arriving, reference, ask), patience]);
        if (found) return found;
      } catch (error) {
        onError(error);
      }
    }
    return null;
  }

  return {
    manifest: (repository, reference) =>
      find(repository, reference, (there, digest) => there.resolve(digest)),
    blob: (repository, digest) => find(repository, digest, (there) => there.stat(digest)),
  };
}

/** Clients ask for a tag first, and then for its parts by digest. */
function noteLately(lately: LRUCache<string, Map<Digest, true>>, key: string, root: Digest): void {
  const roots = lately.get(key) ?? new Map<Digest, true>();
  roots.delete(root);
  roots.set(root, true);
  const [oldest] = roots.keys();
  if (roots.size > MOST_ROOTS) roots.delete(oldest!);
  lately.set(key, roots);
}

/** `root` and the digests of everything below it, as its manifests say. */
async function digestsUnder(there: Repository, root: Digest): Promise<ReadonlySet<Digest>> {
  const seen = new Set<Digest>();
  let level = [root];
  for (let depth = 0; level.length > 0 && depth <= NESTING_LIMIT; depth++) {
    const below: Digest[] = [];
    for (const digest of level) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      const content = await there.resolve(digest);
      if (!content || !isManifestType(content.mediaType)) continue;
      const fetched = verified(await there.fetch(content), content);
      const bytes = await collect(fetched, MANIFEST_LIMIT_BYTES);
      const { manifests, blobs } = childrenOf(parseManifest(bytes, content.mediaType));
      for (const blob of blobs) seen.add(blob.digest);
      below.push(...manifests.map((child) => child.digest));
    }
    level = below;
  }
  if (seen.size <= MOST_DIGESTS) return seen;
  const message = `${root} has more than ${MOST_DIGESTS} parts: they are there once it has arrived`;
  throw new RegistryError("UNSUPPORTED", message);
}
