import {
  childrenOf,
  type Descriptor,
  isNonDistributable,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect, eachOf, NESTING_LIMIT, type Repository, verified } from "@entrepot/registry";

const AT_ONCE = 4;

/** What a walk through a target found. */
export interface Verified {
  readonly manifests: number;
  readonly blobs: number;
}

/**
 * Walks everything below `root` in `target`: each manifest is fetched and hashed, each blob asked
 * for with its size. What is proven stays proven only as long as the target keeps it. Throws
 * INTEGRITY naming what is missing, of another size or of other bytes, and what the target throws.
 */
export async function verifyGraph(
  target: Pick<Repository, "name" | "fetch" | "stat">,
  root: Descriptor,
  signal?: AbortSignal,
): Promise<Verified> {
  const manifests = new Set<string>([root.digest]);
  const blobs = new Map<string, Descriptor>();
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > NESTING_LIMIT) throw wrong(target, root, `nests deeper than ${NESTING_LIMIT}`);
    const below: Descriptor[] = [];
    await eachOf(level, AT_ONCE, async (content) => {
      signal?.throwIfAborted();
      const children = await readChildren(target, content);
      for (const blob of children.blobs) blobs.set(blob.digest, blob);
      below.push(...children.manifests.filter(({ digest }) => !manifests.has(digest)));
      for (const { digest } of children.manifests) manifests.add(digest);
    });
    level = below;
  }
  await eachOf(blobs.values(), AT_ONCE, async (blob) => {
    signal?.throwIfAborted();
    const there = await target.stat(blob.digest);
    if (!there && isNonDistributable(blob)) return;
    if (!there) throw wrong(target, blob, "is missing");
    if (there.size !== blob.size) {
      throw wrong(target, blob, `has ${there.size} bytes there instead of ${blob.size}`);
    }
  });
  return { manifests: manifests.size, blobs: blobs.size };
}

async function readChildren(target: Pick<Repository, "name" | "fetch">, content: Descriptor) {
  try {
    const fetched = verified(await target.fetch(content), content);
    const bytes = await collect(fetched, MANIFEST_LIMIT_BYTES);
    return childrenOf(parseManifest(bytes, content.mediaType));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const found = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"].includes(error.code) && "is missing";
    const damaged =
      ["DIGEST_INVALID", "SIZE_INVALID", "MANIFEST_INVALID"].includes(error.code) &&
      `is damaged there (${error.message})`;
    if (!found && !damaged) throw error;
    throw wrong(target, content, found || damaged || "", error);
  }
}

function wrong(
  target: Pick<Repository, "name">,
  { digest }: Descriptor,
  what: string,
  cause?: unknown,
): RegistryError {
  return new RegistryError(
    "INTEGRITY",
    `verifying ${target.name}: ${digest} ${what}; look at the target's storage`,
    { cause },
  );
}
