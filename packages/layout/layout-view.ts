import {
  artifactTypeOf,
  type Descriptor,
  type Digest,
  isIndexType,
  isManifestType,
  type Manifest,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  referrerOf,
} from "@entrepot/oci";
import { collect, verified } from "@entrepot/registry";
import type { LayoutFiles } from "./layout-files.ts";
import type { LayoutIndex } from "./layout-index.ts";
import type { RefNames } from "./ref-names.ts";

/** What an index.json says of one repository. */
export interface ListedRepository {
  readonly tags: ReadonlyMap<string, Descriptor>;
  /** Manifests that index.json lists, tagged or not. */
  readonly listed: ReadonlyMap<Digest, Descriptor>;
}

/** What a layout says of itself at a moment. */
export interface Snapshot {
  readonly repositories: ReadonlyMap<string, ListedRepository>;
  readonly unnamed: number;
}

/** Questions to a layout, answered from its index.json and its manifests. */
export interface LayoutView {
  now(): Promise<Snapshot>;
  /** Manifests of repository `name`: what is listed, and what is within its indexes. */
  manifests(name: string): Promise<ReadonlyMap<Digest, Descriptor>>;
  /** Manifests of repository `name` whose subject is `digest`, by digest. */
  referrers(name: string, digest: Digest, artifactType?: string): Promise<Descriptor[]>;
}

/** Parsed manifests kept in memory; beyond that the oldest are read again. */
const MOST_MANIFESTS = 20_000;

/** See `LayoutView`. What follows from one index.json is worked out once. */
export function layoutView(files: LayoutFiles, names: RefNames): LayoutView {
  const snapshots = new WeakMap<LayoutIndex, Snapshot>();
  const closures = new WeakMap<ListedRepository, Promise<ReadonlyMap<Digest, Descriptor>>>();
  const subjects = new WeakMap<ListedRepository, Promise<Map<Digest, Descriptor[]>>>();

  const manifestOf = manifestReader(files);

  async function closureOf({ listed }: ListedRepository) {
    const found = new Map(listed);
    for (const content of found.values()) {
      if (!isIndexType(content.mediaType)) continue;
      for (const child of (await manifestOf(content))?.manifests ?? []) {
        if (!isManifestType(child.mediaType) || found.has(child.digest)) continue;
        // A sparse index lacks some of its children.
        if ((await files.sizeOf(child.digest)) !== null) found.set(child.digest, child);
      }
    }
    return found;
  }

  async function subjectsOf(repository: ListedRepository) {
    const found = new Map<Digest, Descriptor[]>();
    for (const content of (await closure(repository)).values()) {
      const manifest = await manifestOf(content);
      if (!manifest?.subject) continue;
      const of = found.get(manifest.subject.digest) ?? [];
      of.push(referrerOf(manifest, content.digest, content.size));
      found.set(manifest.subject.digest, of);
    }
    return found;
  }

  const closure = (of: ListedRepository) => memo(closures, of, () => closureOf(of));
  const now = async () => {
    const index = await files.index();
    return memo(snapshots, index, () => snapshotOf(index, names));
  };
  return {
    now,
    async manifests(name) {
      const repository = (await now()).repositories.get(name);
      return repository ? closure(repository) : new Map();
    },
    async referrers(name, digest, artifactType) {
      const repository = (await now()).repositories.get(name);
      if (!repository) return [];
      const all = await memo(subjects, repository, () => subjectsOf(repository));
      const found = all.get(digest) ?? [];
      return found
        .filter((one) => artifactType === undefined || artifactTypeOf(one) === artifactType)
        .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    },
  };
}

/** Reads manifests, remembering what they say; null for one that is not there. */
function manifestReader(files: LayoutFiles): (content: Descriptor) => Promise<Manifest | null> {
  const parsed = new Map<Digest, Manifest>();
  return async (content) => {
    const known = parsed.get(content.digest);
    if (known) return known;
    const bytes = await files.read(content.digest);
    if (!bytes) return null;
    const limit = Math.min(content.size, MANIFEST_LIMIT_BYTES);
    const manifest = parseManifest(
      await collect(verified(bytes, content), limit),
      content.mediaType,
    );
    for (const oldest of parsed.keys()) {
      if (parsed.size < MOST_MANIFESTS) break;
      parsed.delete(oldest);
    }
    parsed.set(content.digest, manifest);
    return manifest;
  };
}

function snapshotOf(index: LayoutIndex, names: RefNames): Snapshot {
  const repositories = new Map<
    string,
    { tags: Map<string, Descriptor>; listed: Map<Digest, Descriptor> }
  >();
  let unnamed = 0;
  for (const entry of index.manifests) {
    const name = isManifestType(entry.mediaType) ? names.read(entry) : null;
    if (name === null) {
      unnamed++;
      continue;
    }
    const repository = repositories.get(name.repository) ?? { tags: new Map(), listed: new Map() };
    repositories.set(name.repository, repository);
    const { mediaType, digest, size } = entry;
    repository.listed.set(digest, { mediaType, digest, size });
    if (name.tag !== null) repository.tags.set(name.tag, { mediaType, digest, size });
  }
  return { repositories, unnamed };
}

function memo<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
