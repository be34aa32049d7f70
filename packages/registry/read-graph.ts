import {
  childrenOf,
  isNonDistributable,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
  type Children,
  type Descriptor,
  type Digest,
} from "@entrepot/oci";
import { collect, verified } from "./bytes.ts";
import { step, type Copy } from "./copy.ts";
import { eachOf } from "./each-of.ts";
import { entriesFor } from "./platforms.ts";

/** Most indexes within each other, from the root down. */
export const NESTING_LIMIT = 8;

/** Most bytes of manifests in one graph. They are held in memory until their blobs have arrived. */
export const GRAPH_LIMIT_BYTES = 64 * 1024 * 1024;

/** A manifest that was read, and what must be in a repository before it. */
export interface GraphManifest {
  readonly content: Descriptor;
  readonly bytes: Uint8Array;
  readonly children: Children;
}

/** What a manifest needs: everything below it. */
export interface Graph {
  /** In the order in which they can be pushed: each group after the groups that it needs. */
  readonly manifests: readonly (readonly GraphManifest[])[];
  readonly blobs: readonly Descriptor[];
  /** Manifests that `skip` was true for; what is below them was not read. */
  readonly skipped: readonly Descriptor[];
}

/**
 * Reads the manifests of `copy`'s source from `root` downwards, each once, except where `skip` is
 * true. Throws MANIFEST_INVALID for a manifest that is none, DIGEST_INVALID for one that is not
 * the digest's, UNSUPPORTED beyond the limits above.
 */
export async function readGraph(
  copy: Copy,
  root: Descriptor,
  skip: (manifest: Descriptor) => Promise<boolean>,
): Promise<Graph> {
  const manifests: GraphManifest[] = [];
  const skipped: Descriptor[] = [];
  const seen = new Set([root.digest]);
  let bytesLeft = GRAPH_LIMIT_BYTES;
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > NESTING_LIMIT) throw tooDeep(root);
    const below: Descriptor[] = [];
    await eachOf(level, copy.concurrency, async (content) => {
      if (await skip(content)) {
        skipped.push(content);
        return;
      }
      bytesLeft -= content.size;
      if (bytesLeft < 0) throw tooLarge(root);
      const manifest = await readManifest(copy, content);
      manifests.push(manifest);
      below.push(...manifest.children.manifests.filter(({ digest }) => isNew(seen, digest)));
    });
    level = below;
  }
  return { manifests: inOrder(manifests, root), blobs: blobsOf(manifests), skipped };
}

async function readManifest(copy: Copy, content: Descriptor): Promise<GraphManifest> {
  return step(copy, `reading manifest ${content.digest}`, async () => {
    const fetched = verified(await copy.source.fetch(content), content);
    const bytes = await collect(fetched, MANIFEST_LIMIT_BYTES);
    const manifest = parseManifest(bytes, content.mediaType);
    const { platforms } = copy.options;
    if (!platforms || manifest.kind !== "index") {
      return { content, bytes, children: childrenOf(manifest) };
    }
    const manifests = entriesFor(manifest.manifests, platforms);
    return { content, bytes, children: childrenOf({ ...manifest, manifests }) };
  });
}

/** `manifests` in groups, children before parents. A digest cannot be within itself, so it ends. */
function inOrder(manifests: readonly GraphManifest[], root: Descriptor): GraphManifest[][] {
  const groups: GraphManifest[][] = [];
  let left = manifests;
  while (left.length > 0) {
    if (groups.length > NESTING_LIMIT) throw tooDeep(root);
    const waiting = new Set(left.map((manifest) => manifest.content.digest));
    const isReady = ({ children }: GraphManifest) =>
      children.manifests.every((child) => !waiting.has(child.digest));
    groups.push(left.filter(isReady));
    left = left.filter((manifest) => !isReady(manifest));
  }
  return groups;
}

function blobsOf(manifests: readonly GraphManifest[]): Descriptor[] {
  const blobs = new Map<Digest, Descriptor>();
  for (const blob of manifests.flatMap((manifest) => manifest.children.blobs)) {
    const known = blobs.get(blob.digest);
    if (!known || isNonDistributable(known)) blobs.set(blob.digest, blob);
  }
  return [...blobs.values()];
}

function isNew(seen: Set<Digest>, digest: Digest): boolean {
  const before = seen.size;
  return seen.add(digest).size > before;
}

function tooDeep(root: Descriptor): RegistryError {
  return new RegistryError(
    "UNSUPPORTED",
    `${root.digest} nests indexes deeper than ${NESTING_LIMIT}; such a graph is not copied`,
  );
}

function tooLarge(root: Descriptor): RegistryError {
  return new RegistryError(
    "UNSUPPORTED",
    `the manifests under ${root.digest} are larger than ${GRAPH_LIMIT_BYTES} bytes together`,
  );
}
