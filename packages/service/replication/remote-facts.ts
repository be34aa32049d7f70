import {
  cosignTagOf,
  type Descriptor,
  type Manifest,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect, type Repository, verified } from "@entrepot/registry";
import { type Fact, type Facts, factsOfManifest, SIGNATURE_TYPES } from "./facts.ts";
import type { ListedArtifact } from "./ports.ts";

/** A config that is larger tells no time. */
const CONFIG_LIMIT_BYTES = 1024 * 1024;
/** Referrers that are looked through for a signature. */
const MOST_REFERRERS = 1_000;

type Source = Pick<Repository, "name" | "resolve" | "fetch" | "referrers">;

/**
 * What `source` tells of an artifact, as far as `needs` asks and the listing has not told; null if
 * it is gone. An image without a push time counts as pushed when it was made. Throws UNSUPPORTED
 * where labels are asked for and the listing has none to tell.
 */
export async function remoteFacts(
  source: Source,
  listed: ListedArtifact,
  needs: ReadonlySet<Fact>,
): Promise<Facts | null> {
  const { labels, pushedAt } = listed;
  if (needs.has("labels") && !labels) {
    throw new RegistryError(
      "UNSUPPORTED",
      "this registry tells no labels; filter by label where the source is a Harbor or an Entrepot",
    );
  }
  const told = { ...(labels && { labels }), ...(pushedAt && { pushedAt }) };
  const rest = [...needs].filter((need) => need !== "labels" && !(need === "pushedAt" && pushedAt));
  if (rest.length === 0) return told;
  const content = await source.resolve(listed.digest ?? listed.reference);
  if (!content) return null;
  const asks = (...facts: Fact[]) => rest.some((need) => facts.includes(need));
  const manifest = asks("mediaType", "artifactType", "platforms", "pushedAt")
    ? await read(source, content)
    : null;
  return {
    ...(manifest && factsOfManifest(manifest)),
    ...(asks("pushedAt") && { pushedAt: await madeAt(source, manifest!) }),
    ...(asks("signed") && { signed: await isSigned(source, content) }),
    ...told,
  };
}

async function read(source: Source, content: Descriptor): Promise<Manifest> {
  const bytes = verified(await source.fetch(content), content);
  return parseManifest(await collect(bytes, MANIFEST_LIMIT_BYTES), content.mediaType);
}

/** When the image was made, as its annotation or its config says; 1970 if neither. */
async function madeAt(source: Source, manifest: Manifest): Promise<Date> {
  const annotated = manifest.annotations?.["org.opencontainers.image.created"];
  if (annotated) return timeIn(annotated);
  const [first] = manifest.manifests;
  const image = first ? await read(source, first) : manifest;
  const { config } = image;
  if (!config || config.size > CONFIG_LIMIT_BYTES) return new Date(0);
  const bytes = await collect(verified(await source.fetch(config), config), CONFIG_LIMIT_BYTES);
  try {
    return timeIn((JSON.parse(Buffer.from(bytes).toString()) as { created?: unknown })?.created);
  } catch {
    return new Date(0);
  }
}

function timeIn(value: unknown): Date {
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return new Date(Number.isNaN(time) ? 0 : time);
}

async function isSigned(source: Source, { digest }: Descriptor): Promise<boolean> {
  if (await source.resolve(`${cosignTagOf(digest)}.sig`)) return true;
  const { items } = await source.referrers(digest, { n: MOST_REFERRERS });
  return items.some(({ artifactType }) => SIGNATURE_TYPES.some((type) => type === artifactType));
}
