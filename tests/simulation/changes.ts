import { randomUUID } from "node:crypto";
import type { Actor } from "@entrepot/catalog";
import { cosignTagOf, mediaTypes, type Descriptor } from "@entrepot/oci";
import type { Restores } from "@entrepot/recovery";
import type { Repository } from "@entrepot/registry";
import { pushSample, type Sample } from "@entrepot/registry/samples";
import { sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import type { Chance } from "./seed.ts";
import type { World } from "./world.ts";

const REPOSITORIES = ["library/app", "library/tools/lint"];
const TAGS = 4;

/** The owner of the tags that everybody writes. */
export const EVERYBODY = "all";

/** The clients of a world: each registry has some of its own, who alone write most of its tags. */
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
  const known = new Map<string, Known[]>(world.names.map((name) => [name, []]));
  const cosignOwners = new Map<string, string>();
  /** The causes of what each node's clients have done. */
  const done = new Map<string, string[]>(world.names.map((name) => [name, []]));
  let count = 0;

  return {
    count: () => count,
    ownerOf: (repository, tag) =>
      cosignOwners.get(`${repository}:${tag}`) ?? tag.slice(0, tag.indexOf("-")),
    async change(node) {
      count++;
      await world.nodes.get(node)!.whileAlive(async ({ content, restores }) => {
        const actor = { name: `client of ${node}`, cause: randomUUID() as string };
        const causes = done.get(node)!;
        if (causes.length > 0 && chance.random() < 0.05) {
          return undo(restores, chance.oneOf(causes), actor);
        }
        causes.push(actor.cause);
        const registry = content.as(actor);
        const repository = registry.repository(chance.oneOf(REPOSITORIES));
        try {
          await act({ chance, node, repository, known: known.get(node)!, cosignOwners });
        } catch (error) {
          // Of an index, or of a manifest, something may have been deleted: the registry says so.
          const code = (error as { code?: unknown }).code;
          if (code !== "DENIED" && code !== "MANIFEST_BLOB_UNKNOWN") throw error;
        }
      });
    },
  };
}

/** Takes back what a client did by `cause`, as far as it still is as it left it. */
async function undo(restores: Restores, cause: string, actor: Actor): Promise<void> {
  try {
    const plan = await restores.plan({ name: "", cause }, actor);
    await restores.execute(plan.id, actor);
  } catch (error) {
    // It changed nothing, or nothing is left of it.
    const code = (error as { code?: unknown }).code;
    if (code !== "NOT_FOUND" && code !== "PRECONDITION") throw error;
  }
}

/** A client about to do something. */
interface Client {
  readonly chance: Chance;
  readonly node: string;
  readonly repository: Repository;
  /** What this node's clients have pushed so far. */
  readonly known: Known[];
  readonly cosignOwners: Map<string, string>;
}

async function act({ chance, node, repository, known, cosignOwners }: Client): Promise<void> {
  const { name } = repository;
  const here = known.filter((one) => one.repository === name).map(({ sample }) => sample);
  const tags = Array.from(
    { length: chance.between(1, 3) },
    () => `${chance.random() < 0.2 ? EVERYBODY : node}-t${chance.between(1, TAGS)}`,
  );
  const push = async (sample: Sample) => {
    known.push({ repository: name, sample });
    await pushSample(repository, sample, tags);
  };
  const dice = chance.random();
  if (dice < 0.3 || here.length === 0) {
    await push(image(chance, chance.random() < 0.5 ? layersOfLast(here) : []));
  } else if (dice < 0.45) {
    const old = here.filter(({ content }) => content.mediaType === mediaTypes.ociManifest);
    const second = old.length > 0 && chance.random() < 0.7 ? chance.oneOf(old) : image(chance);
    await push(sampleIndex([image(chance), second]));
  } else if (dice < 0.6) {
    const { digest } = chance.oneOf(here).content;
    if (!(await repository.resolve(digest))) return;
    for (const tag of tags) await repository.tag(tag, digest);
  } else if (dice < 0.7) {
    await pushSample(repository, image(chance, [], chance.oneOf(here).content));
  } else if (dice < 0.8) {
    const tag = `${cosignTagOf(chance.oneOf(here).content.digest)}.sig`;
    cosignOwners.set(`${name}:${tag}`, node);
    await pushSample(repository, image(chance), [tag]);
  } else if (dice < 0.92) {
    await repository.delete(tags[0]!);
  } else {
    await repository.delete(chance.oneOf(here).content.digest);
  }
}

function image(chance: Chance, layers: readonly Sample[] = [], subject?: Descriptor): Sample {
  const made = JSON.stringify({ made: chance.bytes(8).toString("hex") });
  const config = sampleBlob(made, mediaTypes.ociConfig);
  const own = sampleBlob(chance.bytes(chance.between(1, 3000)));
  return sampleImage({ config, ...(subject && { subject }) }, [...layers, own]);
}

/** A layer that the next image shares with the one before. */
function layersOfLast(here: readonly Sample[]): Sample[] {
  const children = here.at(-1)?.children ?? [];
  return children
    .filter(({ content }) => content.mediaType === mediaTypes.ociLayerGzip)
    .slice(0, 1);
}
