import type { Bench, Scenario } from "../bench.ts";
import { byPolicy, bySkopeo, type Copied, secondsFigure } from "../copies.ts";
import type { Figure } from "../figure.ts";
import { startEntrepot } from "../peers.ts";
import { interleaved, type Side } from "../rounds.ts";
import { pushSamples, smallLayers } from "../sample-images.ts";

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
    const samples = await pushSamples(source, {
      images: imagesOf(bench),
      repository: (n) => `library/image-${n + 1}`,
      tags: () => TAGS,
      layers: (n) => smallLayers(n, 3),
    });
    const load = { bench, source, samples };
    const { dockerRegistry, skopeo } = bench.programs;
    const sides: Side<Copied>[] = [byPolicy(load, "Entrepot")];
    if (dockerRegistry) sides.push(byPolicy(load, "docker-registry"));
    if (dockerRegistry && skopeo) sides.push(bySkopeo(load));
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
  ours: readonly Copied[],
  sync: readonly Copied[] | undefined,
  ratio: number,
): Figure[] {
  return [
    secondsFigure(`copy into ${into}`, ours, sync, "first", { ratio }),
    secondsFigure(`unchanged second run into ${into}`, ours, sync, "again", { ratio: 12 }),
  ];
}
