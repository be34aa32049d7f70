import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { httpClient } from "../client/http-client.ts";
import { pullOnce } from "../client/pull-load.ts";
import { pushImage } from "../client/push-image.ts";
import { type Column, comparePair, peersOf } from "../compare.ts";
import { GIB, MB, MIB } from "../figure.ts";
import { watchMemory } from "../memory-watch.ts";
import { closePair, type Peer, startPair } from "../peers.ts";
import { cpuSeconds } from "../process-tree.ts";

const REPOSITORY = "library/pull";
/** Pulls of which a round consists, one after the other. */
const PULLS = 3;

interface Measured {
  readonly megabytesPerSecond: number;
  readonly cpuPerGib: number;
}

const COLUMNS: readonly Column<Measured>[] = [
  {
    what: "pull of a large blob",
    unit: "MB/s",
    better: "more",
    goal: { ratio: 1 },
    value: ({ megabytesPerSecond }) => megabytesPerSecond,
  },
  {
    what: "CPU for pulls",
    unit: "CPU s/GiB",
    better: "less",
    value: ({ cpuPerGib }) => cpuPerGib,
  },
];

const sizeOf = (bench: Bench) => (bench.quick ? 128 * MIB : GIB);

/** How fast a large blob comes, and what that costs. */
export const pull: Scenario = {
  name: "pull",
  about: (bench) =>
    `A round is ${PULLS} pulls of a blob of ${sizeOf(bench) / MIB} MiB, one after the other, ` +
    "from files that the kernel has in memory, by " +
    `${bench.programs.curl ? "curl" : "our own client"}. ` +
    "CPU is the server's and its children's.",
  async run(bench) {
    const pair = await startPair(bench);
    const memory = watchMemory(bench, pair);
    const digests = new Map<Peer, string>();
    for (const peer of peersOf(pair)) digests.set(peer, await pushLarge(bench, peer));
    const measure = (peer: Peer) => pulls(bench, peer, digests.get(peer)!);
    const figures = await comparePair(bench, "pull", pair, measure, COLUMNS);
    figures.push(...memory.figures("pulling"));
    await closePair(pair);
    return figures;
  },
};

async function pushLarge(bench: Bench, peer: Peer): Promise<string> {
  const layer = contentMaker(sizeOf(bench))();
  const client = httpClient(peer.url, await peer.authorization(REPOSITORY));
  await pushImage(client, { repository: REPOSITORY, tags: ["large"], layers: [layer] });
  client.close();
  return layer.digest;
}

async function pulls(bench: Bench, peer: Peer, digest: string): Promise<Measured> {
  const cpuBefore = cpuSeconds(peer.pid);
  let [bytes, seconds] = [0, 0];
  for (let n = 0; n < PULLS; n++) {
    const path = `/v2/${REPOSITORY}/blobs/${digest}`;
    const pulled = await pullOnce(bench, peer, REPOSITORY, path);
    if (pulled.bodyBytes !== sizeOf(bench)) {
      throw new Error(`${peer.name} sent ${pulled.bodyBytes} bytes of ${sizeOf(bench)} at ${path}`);
    }
    bytes += pulled.bodyBytes;
    seconds += pulled.seconds;
  }
  return {
    megabytesPerSecond: bytes / MB / seconds,
    cpuPerGib: (cpuSeconds(peer.pid) - cpuBefore) / (bytes / GIB),
  };
}
