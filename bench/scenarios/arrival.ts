import { setTimeout as pause } from "node:timers/promises";
import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { type HttpClient, httpClient } from "../client/http-client.ts";
import { MANIFEST, pushImage } from "../client/push-image.ts";
import { type Figure, KIB } from "../figure.ts";
import { manage } from "../management.ts";
import { type Peer, startDockerRegistry, startEntrepot } from "../peers.ts";
import { percentile } from "../statistics.ts";

/** Pushes at intervals, each of which begins when the one before has ended or its time is up. */
interface Stream {
  readonly name: "in a steady stream" | "at 20 pushes a second" | "after idleness";
  readonly pushes: number;
  readonly everyMs: number;
  readonly rounds: number;
}

/** How often the target is asked: the error of every figure. */
const LOOK_MS = 2;
const LIMIT_MS = 60_000;
const MINUTE_MS = 60_000;

function streamsOf({ quick, rounds, idleMinutes }: Bench): Stream[] {
  const idleMs = idleMinutes === null ? (quick ? 2_000 : 20_000) : idleMinutes * MINUTE_MS;
  return [
    { name: "in a steady stream", pushes: quick ? 20 : 100, everyMs: 200, rounds },
    { name: "at 20 pushes a second", pushes: quick ? 40 : 600, everyMs: 50, rounds },
    { name: "after idleness", pushes: quick ? 2 : 10, everyMs: idleMs, rounds: 1 },
  ];
}

/** How soon a pushed tag is at the target of an event-based policy. */
export const arrival: Scenario = {
  name: "arrival",
  about: (bench) => {
    const [steady, busy, idle] = streamsOf(bench) as [Stream, Stream, Stream];
    return (
      "A small image (8 KiB) is pushed to an Entrepot with an event-based policy. Measured is " +
      "the time from the answer 201 to the manifest's PUT until HEAD of the tag at the target " +
      `names that manifest, asked every ${LOOK_MS} ms. Per round ${steady.pushes} pushes, one ` +
      `each ${steady.everyMs} ms; then ${busy.pushes}, one each ${busy.everyMs} ms; and once ` +
      `${idle.pushes} pushes ${idle.everyMs / 1000} s apart. ` +
      "The percentiles of each round are one sample."
    );
  },
  async run(bench) {
    const targets = [() => startEntrepot(bench)];
    if (bench.programs.dockerRegistry) targets.unshift(() => startDockerRegistry(bench));
    const figures: Figure[] = [];
    for (const start of targets) {
      const [source, target] = [await startEntrepot(bench), await start()];
      const policy = { target, repositories: "library/arrival", trigger: "event_based" } as const;
      await manage(source).addPolicy(policy);
      for (const stream of streamsOf(bench)) {
        figures.push(...(await measure(bench, source, target, stream)));
      }
      await source.close();
      await target.close();
    }
    return figures;
  },
};

async function measure(
  bench: Bench,
  source: Peer,
  target: Peer,
  stream: Stream,
): Promise<Figure[]> {
  const rounds: number[][] = [];
  await arrivals(source, target, { ...stream, pushes: 3, everyMs: 200 });
  for (let round = 0; round < stream.rounds; round++) {
    bench.say(`arrival at ${target.name} ${stream.name}: round ${round + 1} of ${stream.rounds}`);
    rounds.push(await arrivals(source, target, stream));
  }
  const figure = (name: string, share: number, atMost: number): Figure => ({
    what: `arrival at ${target.name} ${stream.name}, ${name}`,
    unit: "ms",
    better: "less",
    entrepot: rounds.map((samples) => percentile(samples, share)),
    other: null,
    goal: { atMost },
  });
  return [figure("p50", 0.5, 100), figure("p99", 0.99, 500)];
}

/** Milliseconds from 201 to arrival of each push. */
async function arrivals(source: Peer, target: Peer, stream: Stream): Promise<number[]> {
  const repository = "library/arrival";
  const make = contentMaker(8 * KIB);
  const waited: Promise<number>[] = [];
  const there = httpClient(target.url, await target.authorization(repository));
  for (let n = 0; n < stream.pushes; n++) {
    const next = pause(stream.everyMs);
    if (n === 0 && stream.name === "after idleness") await next;
    const here = httpClient(source.url, await source.authorization(repository));
    const tag = `${stream.name.replaceAll(" ", "-")}-${Date.now()}`;
    const digest = await pushImage(here, { repository, tags: [tag], layers: [make()] });
    const pushed = performance.now();
    here.close();
    const arrived = untilThere(there, `/v2/${repository}/manifests/${tag}`, digest);
    waited.push(arrived.then(() => performance.now() - pushed));
    await next;
  }
  const samples = await Promise.all(waited);
  there.close();
  return samples;
}

async function untilThere(client: HttpClient, path: string, digest: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  const ask = { method: "HEAD", target: path, headers: { accept: MANIFEST } } as const;
  while (performance.now() < deadline) {
    // docker-registry answers 500 while it is writing a tag's file.
    const { headers } = await client.send(ask, 200, 404, 500);
    if (headers["docker-content-digest"] === digest) return;
    await pause(LOOK_MS);
  }
  throw new Error(`${path} has not arrived within ${LIMIT_MS / 1000} s`);
}
