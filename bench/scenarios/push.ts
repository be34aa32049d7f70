import type { Bench, Scenario } from "../bench.ts";
import type { PushOrder } from "../client/push-many.ts";
import { runChild } from "../client/run-child.ts";
import { type Column, comparePair } from "../compare.ts";
import { type Figure, GIB, KIB, MIB } from "../figure.ts";
import { watchMemory } from "../memory-watch.ts";
import { closePair, type Peer, startPair } from "../peers.ts";
import { cpuSeconds } from "../process-tree.ts";

interface Size {
  readonly label: string;
  readonly layerBytes: number;
  readonly count: number;
  readonly concurrency: number;
  readonly ratio: number;
}

const SIZES: readonly Size[] = [
  { label: "4 KiB", layerBytes: 4 * KIB, count: 1000, concurrency: 8, ratio: 3 },
  { label: "1 MiB", layerBytes: MIB, count: 400, concurrency: 8, ratio: 3 },
  { label: "10 MiB", layerBytes: 10 * MIB, count: 60, concurrency: 4, ratio: 1.5 },
  { label: "100 MiB", layerBytes: 100 * MIB, count: 10, concurrency: 2, ratio: 1.5 },
];
const REPOSITORY = "library/push";

interface Measured {
  readonly perSecond: number;
  readonly cpuPerGib: number;
}

/** Pushes a second by size, CPU for what was pushed, and peak memory. */
export const push: Scenario = {
  name: "push",
  about: (bench) =>
    "Pushes of artifacts of one layer of the given size, a config and a manifest, all new each " +
    "time, as Docker does it (HEAD, POST, PATCH, PUT for each blob), by the same client process. " +
    `At a time and in all: ${SIZES.map((size) => shown(bench, size)).join("; ")}. CPU is the ` +
    "server's and its children's, PostgreSQL included. Peak memory is over all these pushes.",
  async run(bench) {
    const pair = await startPair(bench);
    const memory = watchMemory(bench, pair);
    const figures: Figure[] = [];
    for (const size of SIZES) {
      const measure = (peer: Peer, round: number) => pushes(bench, peer, size, round);
      const columns = columnsOf(size);
      figures.push(...(await comparePair(bench, `push ${size.label}`, pair, measure, columns)));
    }
    figures.push(...memory.figures("pushing"));
    await closePair(pair);
    return figures;
  },
};

const countOf = (bench: Bench, { count }: Size) => (bench.quick ? Math.ceil(count / 10) : count);
const shown = (bench: Bench, size: Size) =>
  `${size.label} ${size.concurrency} and ${countOf(bench, size)}`;

function columnsOf({ label, layerBytes, ratio }: Size): Column<Measured>[] {
  const perSecond: Column<Measured> = {
    what: `push of ${label}`,
    unit: "/s",
    better: "more",
    goal: { ratio },
    value: (measured) => measured.perSecond,
  };
  if (layerBytes < 100 * MIB) return [perSecond];
  const cpu: Column<Measured> = {
    what: `CPU for pushes of ${label}`,
    unit: "CPU s/GiB",
    better: "less",
    value: ({ cpuPerGib }) => cpuPerGib,
  };
  return [perSecond, cpu];
}

async function pushes(bench: Bench, peer: Peer, size: Size, round: number): Promise<Measured> {
  const { layerBytes, concurrency } = size;
  const count = countOf(bench, size);
  const order: PushOrder = {
    url: peer.url,
    authorization: await peer.authorization(REPOSITORY),
    repository: REPOSITORY,
    run: `${layerBytes}-${round}`,
    layerBytes,
    count,
    concurrency,
  };
  let cpuBefore = 0;
  const before = () => (cpuBefore = cpuSeconds(peer.pid));
  const { seconds } = await runChild<{ seconds: number }>(bench, "push-many.ts", order, before);
  const gib = (count * layerBytes) / GIB;
  return { perSecond: count / seconds, cpuPerGib: (cpuSeconds(peer.pid) - cpuBefore) / gib };
}
