import { digestOf, manifestTypes } from "@entrepot/oci";
import type { EndpointPlace } from "./entrepot-api.ts";
import { basic } from "./entrepot-api.ts";
import { waitUntil } from "./wait-until.ts";

/** Every tag of every repository, as `repository:tag`, and the digest it names. */
export type Contents = Readonly<Record<string, string>>;

/** Tags by which clients keep referrers where a registry has no API for them. */
const FALLBACK_TAG = /:sha256-[0-9a-f]{64}$/;

/** Asks `registry` itself, by the distribution API alone, what it has. Throws if it is down. */
export async function contentsOf(registry: EndpointPlace): Promise<Contents> {
  const contents: Record<string, string> = {};
  const { repositories } = await ask(registry, "_catalog?n=1000");
  for (const name of repositories ?? []) {
    const { tags } = await ask(registry, `${name}/tags/list?n=1000`);
    for (const tag of tags ?? []) {
      const response = await get(registry, `${name}/manifests/${tag}`, "HEAD");
      const digest = response.headers.get("docker-content-digest") ?? `status ${response.status}`;
      if (!FALLBACK_TAG.test(`:${tag}`)) contents[`${name}:${tag}`] = digest;
    }
  }
  return Object.fromEntries(Object.entries(contents).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Waits until `target` has the same tags with the same digests as `source`, then reads everything
 * that they name at the target. `rename` says under which `repository:tag` something
 * is expected there, or null if it is not.
 */
export async function sameContents(
  source: EndpointPlace,
  target: EndpointPlace,
  rename: (key: string) => string | null = (key) => key,
  timeoutMs?: number,
): Promise<Contents> {
  const there = Object.entries(await contentsOf(source));
  const expected = Object.fromEntries(
    there.flatMap(([key, digest]) => {
      const renamed = rename(key);
      return renamed === null ? [] : [[renamed, digest]];
    }),
  );
  await waitUntil(
    `${target.url} has what ${source.url} has`,
    () => contentsOf(target),
    expected,
    timeoutMs,
  );
  await readEverything(target, expected);
  return expected;
}

/** Reads what `contents` names, with all children and blobs. Throws for the first that is amiss. */
export async function readEverything(registry: EndpointPlace, contents: Contents): Promise<void> {
  const seen = new Set<string>();
  for (const [key, digest] of Object.entries(contents)) {
    await readManifest(registry, key.slice(0, key.lastIndexOf(":")), digest, seen);
  }
}

interface ManifestText {
  readonly manifests?: readonly { digest: string }[];
  readonly config?: { digest: string };
  readonly layers?: readonly { digest: string }[];
}

async function readManifest(
  registry: EndpointPlace,
  name: string,
  digest: string,
  seen: Set<string>,
): Promise<void> {
  const key = `${name}@${digest}`;
  if (seen.has(key)) return;
  seen.add(key);
  const text = await checked(registry, `${name}/manifests/${digest}`, digest);
  const { manifests = [], config, layers = [] } = JSON.parse(String(text)) as ManifestText;
  for (const child of manifests) await readManifest(registry, name, child.digest, seen);
  for (const blob of config ? [config, ...layers] : layers) {
    if (seen.has(`${name}@${blob.digest}`)) continue;
    seen.add(`${name}@${blob.digest}`);
    await checked(registry, `${name}/blobs/${blob.digest}`, blob.digest);
  }
}

async function checked(registry: EndpointPlace, path: string, digest: string): Promise<Buffer> {
  const response = await get(registry, path, "GET");
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status === 200 && digestOf(bytes) === digest) return bytes;
  throw new Error(`${registry.url}/v2/${path} is amiss: ${response.status}, ${bytes.length} bytes`);
}

async function ask(
  registry: EndpointPlace,
  path: string,
): Promise<{ repositories?: string[]; tags?: string[] }> {
  const response = await get(registry, path, "GET");
  // A repository whose last tag has gone is no longer known to some registries.
  if (response.status === 404) return {};
  if (!response.ok) throw new Error(`${registry.url}/v2/${path} was answered ${response.status}`);
  return (await response.json()) as { repositories?: string[]; tags?: string[] };
}

function get({ url, credential }: EndpointPlace, path: string, method: string): Promise<Response> {
  return fetch(`${url}/v2/${path}`, {
    method,
    headers: {
      accept: manifestTypes.join(", "),
      ...(credential && { authorization: basic(credential) }),
    },
  });
}
