import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Content, contentOf } from "./client/content.ts";
import { httpClient } from "./client/http-client.ts";
import { pushImage } from "./client/push-image.ts";
import { KIB } from "./figure.ts";
import type { Peer } from "./peers.ts";

/** Images that a registry holds, and what each of their tags names. */
export interface SampleImages {
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
  /** Digest by `repository:tag`. */
  readonly digests: ReadonlyMap<string, string>;
}

const LAYERS_KIB = [16, 24, 48, 64, 96, 128, 192, 256];
const LAYERS = 3;
const AT_A_TIME = 4;

/** Pushes `count` images of new content, each into a repository of its own under `tags`. */
export async function pushSamples(
  peer: Peer,
  count: number,
  tags: readonly string[],
): Promise<SampleImages> {
  const digests = new Map<string, string>();
  const repositories = Array.from({ length: count }, (_, n) => `library/image-${n + 1}`);
  const waiting = [...repositories.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [n, repository] = next;
      const client = httpClient(peer.url, await peer.authorization(repository));
      const layers = Array.from({ length: LAYERS }, (_, layer) =>
        newLayer(LAYERS_KIB[(n + layer * 3) % LAYERS_KIB.length]!),
      );
      const digest = await pushImage(client, { repository, tags, layers });
      client.close();
      for (const tag of tags) digests.set(`${repository}:${tag}`, digest);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return { repositories, tags, digests };
}

/** Truly gzip: skopeo would compress anything else on the way, and so copy another image. */
function newLayer(kib: number): Content {
  return contentOf(gzipSync(randomBytes(kib * KIB)));
}

/** Throws an Error if a tag of `samples` is not at `peer`, or names something else there. */
export async function checkSamples(peer: Peer, samples: SampleImages): Promise<void> {
  for (const repository of samples.repositories) {
    const client = httpClient(peer.url, await peer.authorization(repository));
    for (const tag of samples.tags) {
      const target = `/v2/${repository}/manifests/${tag}`;
      const accept = "application/vnd.oci.image.manifest.v1+json";
      const answer = await client.send({ method: "HEAD", target, headers: { accept } }, 200, 404);
      const digest = answer.headers["docker-content-digest"];
      if (digest === samples.digests.get(`${repository}:${tag}`)) continue;
      throw new Error(`${repository}:${tag} at ${peer.name} is ${String(digest)} after the copy`);
    }
    client.close();
  }
}
