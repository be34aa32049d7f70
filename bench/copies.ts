import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type Cost, costOf } from "./cost.ts";
import type { Figure } from "./figure.ts";
import { type Management, manage } from "./management.ts";
import { type Peer, startDockerRegistry, startEntrepot } from "./peers.ts";
import type { Side } from "./rounds.ts";
import { runProgram } from "./run-program.ts";
import { checkSamples, type SampleImages } from "./sample-images.ts";

/** What a copy onto a registry took, and the same once more with nothing to copy. */
export interface Copied {
  readonly first: Cost;
  readonly again: Cost;
}

/** What is copied, and how the targets are made ready. */
export interface Load {
  readonly bench: Bench;
  readonly source: Peer;
  readonly samples: SampleImages;
  /** What a target has before it is copied to. */
  readonly prepare?: (target: Peer) => Promise<void>;
  /** What stands before a target; closed with it. */
  readonly behind?: (target: Peer) => Promise<Peer>;
  /** Nothing is told of a second copy, so there is none. */
  readonly once?: boolean;
  /** A copy that fails is worth a word and no figure, instead of ending the bench. */
  readonly mayFail?: boolean;
}

const NOTHING: Cost = { seconds: Number.NaN, cpuSeconds: Number.NaN, wireBytes: Number.NaN };

/** Copies by a policy that is run, into a registry that `start` starts. */
export function byPolicy(load: Load, into: Peer["name"]): Side<Copied> {
  const policies: Management = manage(load.source);
  const start = into === "Entrepot" ? startEntrepot : startDockerRegistry;
  return {
    name: `into ${into}`,
    measure: () =>
      twice(load, start, async (target) => {
        const id = await policies.addPolicy({
          target,
          repositories: "library/**",
          trigger: "manual",
        });
        return () => policies.run(id);
      }),
  };
}

/** Copies by `skopeo sync`, into a docker-registry. */
export function bySkopeo(load: Load): Side<Copied> {
  return { name: "skopeo sync", measure: () => twice(load, startDockerRegistry, skopeoSync(load)) };
}

/** How a copy into `target` is made; made before the time is taken. */
type MakeCopy = (target: Peer) => Promise<() => Promise<unknown>>;

function skopeoSync({ bench, source, samples }: Load): MakeCopy {
  return async (target) => {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-bench-skopeo-"));
    bench.cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const images = Object.fromEntries([...samples.digests.keys()].map((name) => [name, []]));
    const file = join(folder, "sync.yml");
    // JSON is YAML. An empty list of tags is all of them.
    const list = { [new URL(source.url).host]: { images, "tls-verify": false } };
    await writeFile(file, JSON.stringify(list));
    const authfile = join(folder, "auth.json");
    await writeFile(authfile, "{}");
    const flags = "--insecure-policy --src yaml --dest docker --dest-tls-verify=false".split(" ");
    const destination = `${new URL(target.url).host}/library`;
    const words = ["sync", ...flags, "--authfile", authfile, file, destination];
    return () => runProgram(bench.cleanup, "skopeo", words);
  };
}

/** Copies, checks, copies again unless it is to be done but once, and closes the target. */
async function twice(
  { bench, samples, prepare, behind, mayFail, once }: Load,
  start: (bench: Bench) => Promise<Peer>,
  makeCopy: MakeCopy,
): Promise<Copied> {
  const target = await start(bench);
  await prepare?.(target);
  const front = (await behind?.(target)) ?? target;
  const copy = await makeCopy(front);
  const both = async () => {
    const first = await costOf(copy);
    await checkSamples(target, samples);
    return { first, again: once ? NOTHING : await costOf(copy) };
  };
  const copied = await both().catch((error: Error) => {
    if (!mayFail) throw error;
    bench.say(`the copy failed: ${error.message}`);
    return { first: NOTHING, again: NOTHING };
  });
  if (front !== target) await front.close();
  await target.close();
  return copied;
}

/** A figure of seconds, ours against skopeo's. */
export function secondsFigure(
  what: string,
  ours: readonly Copied[],
  sync: readonly Copied[] | undefined,
  name: keyof Copied,
  goal: Figure["goal"],
): Figure {
  return {
    what,
    unit: "s",
    better: "less",
    entrepot: ours.map((one) => one[name].seconds),
    other: sync ? { name: "skopeo sync", samples: sync.map((one) => one[name].seconds) } : null,
    goal,
  };
}
