import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { httpClient } from "../client/http-client.ts";
import { pullOnce } from "../client/pull-load.ts";
import { pushImage } from "../client/push-image.ts";
import { peersOf } from "../compare.ts";
import { type Figure, GIB, MB, MIB } from "../figure.ts";
import { closePair, type Peer, startPair } from "../peers.ts";
import { memoryOf } from "../process-tree.ts";

const REPOSITORY = "library/memory";
/** Resident memory that Entrepot's server is to stay under, in MB. */
const GOAL = { atMost: 400 };

const sizeOf = (bench: Bench) => (bench.quick ? 256 * MIB : (bench.long ? 10 : 4) * GIB);

interface Measured {
  readonly before: number;
  readonly after: number;
  readonly peak: number;
}

/** Whether memory stays flat while a very large blob goes in and out. */
export const memory: Scenario = {
  name: "memory",
  about: (bench) =>
    `Resident memory of the server process before, at the most during, and after a push and a ` +
    `pull of a blob of ${sizeOf(bench) / MIB} MiB, once.`,
  async run(bench) {
    const pair = await startPair(bench);
    const measured: Measured[] = [];
    for (const peer of peersOf(pair)) measured.push(await pass(bench, peer));
    await closePair(pair);
    const [ours, theirs] = measured;
    const figure = (what: string, name: keyof Measured): Figure => ({
      what: `resident memory ${what} a large blob`,
      unit: "MB",
      better: "less",
      entrepot: [ours![name]],
      other: theirs ? { name: "docker-registry", samples: [theirs[name]] } : null,
      goal: name === "peak" ? GOAL : null,
    });
    return [figure("before", "before"), figure("during", "peak"), figure("after", "after")];
  },
};

async function pass(bench: Bench, peer: Peer): Promise<Measured> {
  bench.say(`memory: ${peer.name}`);
  const client = httpClient(peer.url, await peer.authorization(REPOSITORY));
  const before = memoryOf(peer.pid).bytes / MB;
  const layer = contentMaker(sizeOf(bench))();
  await pushImage(client, { repository: REPOSITORY, tags: ["huge"], layers: [layer] });
  client.close();
  await pullOnce(bench, peer, REPOSITORY, `/v2/${REPOSITORY}/blobs/${layer.digest}`);
  const { bytes, peakBytes } = memoryOf(peer.pid);
  return { before, after: bytes / MB, peak: peakBytes / MB };
}
