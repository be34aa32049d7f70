import { randomUUID } from "node:crypto";
import { cosignTagOf, mediaTypes, type Descriptor } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";
import { pushSample, type Sample } from "@entrepot/registry/samples";
import { sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import type { World } from "./world.ts";

const REPOSITORIES = ["library/app", "library/tools/lint"];
const TAGS = 4;

/** The clients of a world: each registry has some of its own, who alone write its tags. */
export interface Clients {
  /** Changes something at random at `node`. What its crash cut off is nobody's fault. */
  change(node: string): Promise<void>;
  /** Who writes `tag`. */
  ownerOf(repository: string, tag: string): string;
  /** How many changes were begun. */
  count(): number;
}

interface Known {
  readonly repository: string;
  readonly sample: Sample;
}

/** The clients of `world`. */
export function clientsOf(world: World): Clients {
  const { chance } = world;
  const known = new Map<string, Known[]>();
  const cosignOwners = new Map<string, string>();
  let count = 0;

  const image = (layers: readonly Sample[] = [], subject?: Descriptor) =>
    sampleImage({ ...(subject && { subject }), config: config() }, [
      ...layers,
      sampleBlob(chance.bytes(chance.between(1, 3000))),
    ]);
  const config = () =>
    sampleBlob(JSON.stringify({ made: chance.bytes(8).toString("hex") }), mediaTypes.ociConfig);
  const someTags = (node: string) =>
    Array.from({ length: chance.between(1, 3) }, () => `${node}-t${chance.between(1, TAGS)}`);

  async function act(node: string, repository: Repository): Promise<void> {
    const mine = known.get(node) ?? [];
    known.set(node, mine);
    const here = mine.filter((one) => one.repository === repository.name);
    const dice = chance.random();
    const remember = (sample: Sample) => mine.push({ repository: repository.name, sample });
    if (dice < 0.3 || here.length === 0) {
      const sample = image(chance.random() < 0.5 ? sharedLayers(here) : []);
      remember(sample);
      await pushSample(repository, sample, someTags(node));
    } else if (dice < 0.45) {
      const sample = sampleIndex([image(), chance.random() < 0.3 ? image() : aged(here)]);
      remember(sample);
      await pushSample(repository, sample, someTags(node));
    } else if (dice < 0.6) {
      const { content } = chance.oneOf(here).sample;
      if (!(await repository.resolve(content.digest))) return;
      for (const tag of someTags(node)) await repository.tag(tag, content.digest);
    } else if (dice < 0.7) {
      await pushSample(repository, image([], chance.oneOf(here).sample.content));
    } else if (dice < 0.8) {
      const tag = `${cosignTagOf(chance.oneOf(here).sample.content.digest)}.sig`;
      cosignOwners.set(`${repository.name}:${tag}`, node);
      await pushSample(repository, image(), [tag]);
    } else if (dice < 0.92) {
      await repository.delete(chance.oneOf(someTags(node)));
    } else {
      await repository.delete(chance.oneOf(here).sample.content.digest);
    }
  }

  /** An image pushed before, as a part of an index. */
  const aged = (here: readonly Known[]): Sample => {
    const images = here.filter(({ sample }) => sample.content.mediaType === mediaTypes.ociManifest);
    return images.length > 0 ? chance.oneOf(images).sample : image();
  };
  const sharedLayers = (here: readonly Known[]) =>
    here
      .slice(-1)
      .flatMap(({ sample }) => sample.children)
      .filter(({ content }) => content.mediaType === mediaTypes.ociLayerGzip)
      .slice(0, 1);

  return {
    count: () => count,
    ownerOf: (repository, tag) =>
      cosignOwners.get(`${repository}:${tag}`) ?? tag.slice(0, tag.indexOf("-")),
    async change(node) {
      count++;
      await world.nodes.get(node)!.whileAlive(async ({ content }) => {
        const registry = content.as({ name: `client of ${node}`, cause: randomUUID() });
        try {
          await act(node, registry.repository(chance.oneOf(REPOSITORIES)));
        } catch (error) {
          // Of an index, or of a manifest, something may have been deleted: the registry says so.
          const code = (error as { code?: unknown }).code;
          if (code !== "DENIED" && code !== "MANIFEST_BLOB_UNKNOWN") throw error;
        }
      });
    },
  };
}
