import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { byPolicy, bySkopeo, type Copied, type Load, secondsFigure } from "../copies.ts";
import { type Figure, GIB, KIB, MB, MIB } from "../figure.ts";
import { startEntrepot } from "../peers.ts";
import { interleaved, type Side } from "../rounds.ts";
import { limited } from "../limited.ts";
import { pushLayers, pushSamples, type SampleShape, smallLayers } from "../sample-images.ts";

/** One kind of what there is to copy, into docker-registry. */
interface Shape {
  readonly label: string;
  readonly text: string;
  readonly shape: (bench: Bench) => SampleShape;
  readonly goal: Figure["goal"];
  /** Which of the two copies counts: the first, or the second with nothing changed. */
  readonly counts: keyof Copied;
  /** Skopeo would take a quarter of an hour to get there: instead a copy into another Entrepot. */
  readonly alone?: boolean;
  /** Bytes of all layers, where CPU and the wire are told by the GiB. */
  readonly bytes?: (bench: Bench) => number;
  readonly load?:
    | Pick<Load, "behind" | "mayFail">
    | ((samples: Load["samples"]) => Pick<Load, "prepare">);
}

const less = (bench: Bench, count: number) => (bench.quick ? Math.ceil(count / 50) : count);

const SHAPES: readonly Shape[] = [
  {
    label: "1,000 small tags of one repository",
    text: "1,000 images of one layer of 4 KiB, each under a tag of its own, in one repository",
    shape: (bench) => {
      const make = contentMaker(4 * KIB);
      return {
        images: less(bench, 1000),
        repository: () => "library/many",
        tags: (n) => [`v${n}`],
        layers: () => [make()],
      };
    },
    goal: { ratio: 3 },
    counts: "first",
  },
  large("ten images of 100 MiB", 100 * MIB),
  large("ten images of 1 GiB", GIB),
  {
    label: "10,000 unchanged tags",
    text:
      "10,000 tags, ten on each of 1,000 images in 100 repositories, copied again unchanged (by " +
      "the policy alone, into another Entrepot too)",
    shape: (bench) => {
      const make = contentMaker(4 * KIB);
      return {
        images: less(bench, 1000),
        repository: (n) => `library/set-${n % 100}`,
        tags: (n) => Array.from({ length: 10 }, (_, k) => `v${n}.${k}`),
        layers: () => [make()],
      };
    },
    goal: { atMost: 5 },
    counts: "again",
    alone: true,
  },
  {
    label: "all layers there, no tags",
    text: "100 images of three layers (16 to 256 KiB) whose layers the target has already",
    shape: hundred,
    goal: null,
    counts: "first",
    load: (samples) => ({ prepare: (target) => pushLayers(target, samples) }),
  },
  {
    label: "429 storms",
    text:
      "100 such images into a registry that takes 200 requests a second and answers 429 with " +
      "Retry-After to the rest (a failed copy has no figure)",
    shape: hundred,
    goal: null,
    counts: "first",
    load: { mayFail: true, behind: (target) => limited(target, { perSecond: 200 }) },
  },
];

function hundred(bench: Bench): SampleShape {
  return {
    images: less(bench, 100),
    repository: (n) => `library/image-${n + 1}`,
    tags: () => ["latest"],
    layers: (n) => smallLayers(n, 3),
  };
}

function large(label: string, bytes: number): Shape {
  const size = (bench: Bench) => less(bench, bytes / MIB) * MIB;
  return {
    label,
    text: `${label}, of one layer each`,
    shape: (bench) => {
      const make = contentMaker(size(bench));
      return {
        images: 10,
        repository: (n) => `library/large-${n}`,
        tags: () => ["latest"],
        layers: () => [make()],
      };
    },
    goal: { ratio: 1.6 },
    counts: "first",
    bytes: (bench) => 10 * size(bench),
  };
}

/** Other things to copy than a few hundred tags: many, large, unchanged, half there, refused. */
export const shapes: Scenario = {
  name: "shapes",
  about: () =>
    "Copies from an Entrepot into an empty docker-registry, by a policy that is run and by one " +
    `\`skopeo sync\`: ${SHAPES.map(({ text }) => text).join("; ")}. CPU is that of both ` +
    "registries, their databases and the copier; the wire is all that went over loopback. Every " +
    "tag's digest is checked afterwards.",
  async run(bench) {
    if (!bench.programs.dockerRegistry) return [];
    const figures: Figure[] = [];
    for (const shape of SHAPES) figures.push(...(await measure(bench, shape)));
    return figures;
  },
};

async function measure(bench: Bench, shape: Shape): Promise<Figure[]> {
  const { label, counts, goal, bytes } = shape;
  const source = await startEntrepot(bench);
  bench.say(`${label}: pushing what there is to copy`);
  const samples = await pushSamples(source, shape.shape(bench));
  const more = typeof shape.load === "function" ? shape.load(samples) : shape.load;
  const load: Load = { bench, source, samples, once: counts === "first", ...more };
  const sides: Side<Copied>[] = [byPolicy(load, "docker-registry")];
  if (shape.alone) sides.push(byPolicy(load, "Entrepot"));
  else if (bench.programs.skopeo) sides.push(bySkopeo(load));
  const [ours = [], others] = await interleaved(bench, label, sides);
  await source.close();
  const sync = shape.alone ? undefined : others;
  const figures = [secondsFigure(label, ours, sync, counts, goal)];
  if (shape.alone) {
    figures.push(secondsFigure(`${label}, into Entrepot`, others!, undefined, counts, goal));
  }
  if (!bytes) return figures;
  const gib = bytes(bench) / GIB;
  const figure = (what: string, unit: Figure["unit"], value: (one: Copied) => number): Figure => ({
    what: `${what}, ${label}`,
    unit,
    better: "less",
    entrepot: ours.map(value),
    other: sync ? { name: "skopeo sync", samples: sync.map(value) } : null,
    goal: null,
  });
  return [
    ...figures,
    figure("CPU", "CPU s/GiB", (one) => one.first.cpuSeconds / gib),
    figure("on the wire", "MB", (one) => one.first.wireBytes / MB),
  ];
}
