import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Scenario } from "../bench.ts";
import type { Figure } from "../figure.ts";
import { type Management, manage } from "../management.ts";
import { type Peer, startDockerRegistry, startEntrepot } from "../peers.ts";
import { interleaved, type Side } from "../rounds.ts";
import { runProgram } from "../run-program.ts";
import { checkSamples, pushSamples, type SampleImages } from "../sample-images.ts";

/** Seconds of a copy onto an empty registry, and of the same once more with nothing to copy. */
interface Measured {
  readonly first: number;
  readonly again: number;
}

const TAGS = ["latest", "stable", "v1", "v1.0", "v1.0.0"];
const imagesOf = (bench: Bench) => (bench.quick ? 10 : 100);

/** A registry copied to another by a policy, against skopeo sync. */
export const replication: Scenario = {
  name: "replication",
  about: (bench) =>
    `${imagesOf(bench)} images of three layers (16 to 256 KiB) and a config under ` +
    `${TAGS.length} tags each, from an Entrepot to an empty registry: by a policy that is run, ` +
    "until its run has ended, and by one `skopeo sync` of the same images from the same source " +
    "into an empty docker-registry. Then each again, with nothing changed. Every tag's digest is " +
    "checked afterwards.",
  async run(bench) {
    const source = await startEntrepot(bench);
    bench.say(`replication: pushing ${imagesOf(bench)} images to copy`);
    const samples = await pushSamples(source, imagesOf(bench), TAGS);
    const policies = manage(source);
    const { dockerRegistry, skopeo } = bench.programs;
    const toEntrepot = byPolicy("into Entrepot", policies, samples, () => startEntrepot(bench));
    const sides: Side<Measured>[] = [toEntrepot];
    if (dockerRegistry) {
      const start = () => startDockerRegistry(bench);
      sides.push(byPolicy("into docker-registry", policies, samples, start));
      if (skopeo) sides.push(bySkopeo(bench, source, samples));
    }
    const [entrepot = [], docker, sync] = await interleaved(bench, "replication", sides);
    await source.close();
    return [
      ...(docker ? figures("docker-registry", docker, sync, 3) : []),
      ...figures("Entrepot", entrepot, sync, 6),
    ];
  },
};

function figures(
  into: string,
  ours: readonly Measured[],
  sync: readonly Measured[] | undefined,
  ratio: number,
): Figure[] {
  const figure = (what: string, name: keyof Measured, goal: number): Figure => ({
    what: `${what} into ${into}`,
    unit: "s",
    better: "less",
    entrepot: ours.map((one) => one[name]),
    other: sync ? { name: "skopeo sync", samples: sync.map((one) => one[name]) } : null,
    goal: { ratio: goal },
  });
  return [figure("copy", "first", ratio), figure("unchanged second run", "again", 12)];
}

function byPolicy(
  name: string,
  policies: Management,
  samples: SampleImages,
  start: () => Promise<Peer>,
): Side<Measured> {
  async function measure(): Promise<Measured> {
    const target = await start();
    const id = await policies.addPolicy({
      target,
      repositories: "library/image-*",
      trigger: "manual",
    });
    return await twice(target, samples, () => policies.run(id));
  }
  return { name, measure };
}

function bySkopeo(bench: Bench, source: Peer, samples: SampleImages): Side<Measured> {
  async function measure(): Promise<Measured> {
    const target = await startDockerRegistry(bench);
    const folder = await mkdtemp(join(tmpdir(), "entrepot-bench-skopeo-"));
    const removed = bench.cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const images = Object.fromEntries(samples.repositories.map((name) => [name, []]));
    const file = join(folder, "sync.yml");
    // JSON is YAML. An empty list of tags is all of them.
    const list = { [new URL(source.url).host]: { images, "tls-verify": false } };
    await writeFile(file, JSON.stringify(list));
    const authfile = join(folder, "auth.json");
    await writeFile(authfile, "{}");
    const flags = "--insecure-policy --src yaml --dest docker --dest-tls-verify=false".split(" ");
    const destination = `${new URL(target.url).host}/library`;
    const words = ["sync", ...flags, "--authfile", authfile, file, destination];
    const copy = () => runProgram(bench.cleanup, "skopeo", words);
    const measured = await twice(target, samples, copy);
    await removed();
    return measured;
  }
  return { name: "skopeo sync", measure };
}

/** Copies, checks, copies again, and closes the target. */
async function twice(
  target: Peer,
  samples: SampleImages,
  copy: () => Promise<unknown>,
): Promise<Measured> {
  const first = await secondsOf(copy);
  await checkSamples(target, samples);
  const again = await secondsOf(copy);
  await target.close();
  return { first, again };
}

async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return (performance.now() - started) / 1000;
}
