import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Content, contentOf } from "./client/content.ts";
import { type HttpClient, httpClient } from "./client/http-client.ts";
import { MANIFEST, pushBlob, pushImageAtOnce } from "./client/push-image.ts";
import { KIB } from "./figure.ts";
import type { Peer } from "./peers.ts";

/** What images to make: of the `n`th, counted from 0, where it goes and what it is made of. */
export interface SampleShape {
  readonly images: number;
  repository(n: number): string;
  tags(n: number): readonly string[];
  layers(n: number): readonly Content[];
}

/** Images that a registry holds. */
export interface SampleImages {
  /** The repositories, and in each the digest that each tag names. */
  readonly digests: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The layers of all of them, by repository. */
  readonly layers: ReadonlyMap<string, readonly Content[]>;
}

const LAYERS_KIB = [16, 24, 48, 64, 96, 128, 192, 256];
const AT_A_TIME = 8;
const ACCEPT = { accept: MANIFEST };

/** Pushes the images of `shape`, all of new content, to an Entrepot. */
export async function pushSamples(peer: Peer, shape: SampleShape): Promise<SampleImages> {
  const digests = new Map<string, Map<string, string>>();
  const kept = new Map<string, Content[]>();
  const { clientOf, close } = clients(peer);
  await eachAtATime(shape.images, async (n) => {
    const [repository, tags, layers] = [shape.repository(n), shape.tags(n), shape.layers(n)];
    const digest = await pushImageAtOnce(await clientOf(repository), { repository, tags, layers });
    kept.set(repository, [...(kept.get(repository) ?? []), ...layers]);
    const named = digests.get(repository) ?? new Map<string, string>();
    for (const tag of tags) named.set(tag, digest);
    digests.set(repository, named);
  });
  close();
  return { digests, layers: kept };
}

/** Pushes the layers of `samples`, and neither configs nor manifests. */
export async function pushLayers(peer: Peer, samples: SampleImages): Promise<void> {
  const all = [...samples.layers];
  await eachAtATime(all.length, async (n) => {
    const [repository, layers] = all[n]!;
    const client = httpClient(peer.url, await peer.authorization(repository));
    for (const layer of layers) await pushBlob(client, repository, layer);
    client.close();
  });
}

/** A client for each repository of `peer`, made when first asked for. */
function clients(peer: Peer) {
  const made = new Map<string, Promise<HttpClient>>();
  const make = async (repository: string) =>
    httpClient(peer.url, await peer.authorization(repository));
  return {
    clientOf(repository: string): Promise<HttpClient> {
      const client = made.get(repository) ?? make(repository);
      made.set(repository, client);
      return client;
    },
    close: () => void Promise.all(made.values()).then((all) => all.forEach((one) => one.close())),
  };
}

async function eachAtATime(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

/** `count` small layers of different sizes, all of new content. */
export function smallLayers(n: number, count: number): Content[] {
  return Array.from({ length: count }, (_, layer) => {
    const kib = LAYERS_KIB[(n + layer * 3) % LAYERS_KIB.length]!;
    // Truly gzip: skopeo would compress anything else on the way, and so copy another image.
    return contentOf(gzipSync(randomBytes(kib * KIB)));
  });
}

/** Throws an Error if a tag of `samples` is not at `peer`, or names something else there. */
export async function checkSamples(peer: Peer, { digests }: SampleImages): Promise<void> {
  const { clientOf, close } = clients(peer);
  const names = [...digests].flatMap(([repository, tags]) =>
    [...tags].map(([tag, wanted]) => ({ repository, tag, wanted })),
  );
  await eachAtATime(names.length, async (n) => {
    const { repository, tag, wanted } = names[n]!;
    const target = `/v2/${repository}/manifests/${tag}`;
    const client = await clientOf(repository);
    const answer = await client.send({ method: "HEAD", target, headers: ACCEPT }, 200, 404);
    const digest = answer.headers["docker-content-digest"];
    if (digest === wanted) return;
    throw new Error(`${repository}:${tag} at ${peer.name} is ${String(digest)} after the copy`);
  });
  close();
}
