import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { CONNECTIONS, getsPerSecond } from "../client/get-load.ts";
import { httpClient } from "../client/http-client.ts";
import { pushImage } from "../client/push-image.ts";
import { comparePair, peersOf } from "../compare.ts";
import { type Figure, KIB } from "../figure.ts";
import { closePair, type Peer, startPair } from "../peers.ts";

const REPOSITORY = "library/manifest-get";
const TAG = "latest";
const PER_SECOND = {
  unit: "/s",
  better: "more",
  goal: { ratio: 10 },
  value: (perSecond: number) => perSecond,
} as const;

/** Until then V8 still compiles what turns out to be hot; neither side's figure is about that. */
const WARM_UP_SECONDS = 5;

const secondsOf = (bench: Bench) => (bench.quick ? 1 : 10);

/** Manifest GETs a second, by tag and by digest. */
export const manifestGet: Scenario = {
  name: "manifest-get",
  about: (bench) =>
    `GET of one OCI manifest over ${CONNECTIONS} connections for ${secondsOf(bench)} s, after ` +
    `${WARM_UP_SECONDS} s that do not count. Entrepot checks a token each time; ` +
    "docker-registry asks for none.",
  async run(bench) {
    const pair = await startPair(bench);
    const digests = new Map<Peer, string>();
    for (const peer of peersOf(pair)) digests.set(peer, await pushOne(peer));
    const warmUp = bench.quick ? 1 : WARM_UP_SECONDS;
    const by = async (kind: string, reference: (peer: Peer) => string): Promise<Figure[]> => {
      const what = `manifest GET by ${kind}`;
      const measure = async (peer: Peer) => {
        const path = `/v2/${REPOSITORY}/manifests/${reference(peer)}`;
        await getsPerSecond(bench, peer, REPOSITORY, path, warmUp);
        return await getsPerSecond(bench, peer, REPOSITORY, path, secondsOf(bench));
      };
      return await comparePair(bench, what, pair, measure, [{ ...PER_SECOND, what }]);
    };
    const figures = [
      ...(await by("tag", () => TAG)),
      ...(await by("digest", (peer) => digests.get(peer)!)),
    ];
    await closePair(pair);
    return figures;
  },
};

async function pushOne(peer: Peer): Promise<string> {
  const client = httpClient(peer.url, await peer.authorization(REPOSITORY));
  const layers = [16, 64, 256].map((kib) => contentMaker(kib * KIB)());
  const digest = await pushImage(client, { repository: REPOSITORY, tags: [TAG], layers });
  client.close();
  return digest;
}
