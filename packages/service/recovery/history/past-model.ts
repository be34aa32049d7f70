import type { Catalog } from "@entrepot/catalog";
import { type Content, openContent } from "@entrepot/content";
import { type Digest, RegistryError } from "@entrepot/oci";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import type { BlobStore } from "@entrepot/storage";
import { expect } from "vitest";

const ACTOR = { name: "mia", cause: "push" };
const REPOSITORIES = ["library/app", "library/app-two", "library/app/web", "team/app"];
const TAGS = ["v1", "v1.0", "V1", "latest"];

/** A repository as the model has it. */
export interface ModelRepository {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<Digest, Sample>;
}

/** Everything at one moment. */
export type ModelState = ReadonlyMap<string, ModelRepository>;

/** Real content that is changed at random, and a model that remembers every state of it. */
export interface PastModel {
  readonly content: Content;
  /** Changes something at random, and remembers what came of it. */
  act(): Promise<void>;
  /** The states so far, each with its journal's newest seq. */
  readonly states: readonly { readonly seq: number; readonly state: ModelState }[];
  /** Everything that was ever pushed. */
  readonly samples: readonly Sample[];
}

/** A model over empty projects `library` and `team`. */
export async function pastModel(
  options: { catalog: Catalog; store: BlobStore },
  random: () => number,
): Promise<PastModel> {
  const content = openContent(options);
  for (const name of ["library", "team"]) {
    await content.projects.create(ACTOR, { name, public: true });
  }
  const label = { name: "good", description: "", color: "", projectId: null };
  const labelId = await content.labels.create(ACTOR, label);
  const now = new Map<string, ModelRepository>();
  const states: { seq: number; state: ModelState }[] = [];
  const samples: Sample[] = [];
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

  const remember = async () => {
    states.push({ seq: await options.catalog.head(), state: structuredClone(now) });
  };

  async function push(name: string): Promise<void> {
    const here = [...(now.get(name)?.manifests.values() ?? [])];
    const one = here.length > 0 ? pick(here) : sampleImage();
    const sample = pick([
      () => sampleImage(),
      () => sampleImage({}, imageIn(one).children.slice(1)),
      () => sampleImage({ subject: one.content, artifactType: "test/signature" }),
      () => sampleIndex([sampleImage(), sampleImage()]),
      () => one,
      () => (samples.length > 0 ? pick(samples) : one),
    ])();
    const tags = TAGS.filter(() => random() < 0.3);
    await pushSample(content.as(ACTOR).repository(name), sample, tags);
    samples.push(sample);
    const { manifests, tags: named } = now.get(name) ?? { manifests: new Map(), tags: new Map() };
    for (const child of sample.children) {
      if (child.children.length > 0) manifests.set(child.content.digest, child);
    }
    manifests.set(sample.content.digest, sample);
    for (const tag of tags) named.set(tag, sample.content.digest);
    now.set(name, { manifests, tags: named });
  }

  return {
    content,
    states,
    samples,
    async act() {
      const name = pick(REPOSITORIES);
      const known = now.get(name);
      if (!known || random() < 0.4) await push(name);
      else if (random() < 0.08) {
        await content.deleteRepository(ACTOR, name);
        now.delete(name);
      } else await changeOne({ content, labelId, random }, name, known);
      await remember();
    },
  };
}

/** Changes or deletes something of a repository that is there. */
async function changeOne(
  { content, labelId, random }: { content: Content; labelId: number; random: () => number },
  name: string,
  { tags, manifests }: ModelRepository,
): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const repository = content.as(ACTOR).repository(name);
  const digest = pick([...manifests.keys(), undefined as never]);
  const tag = pick(TAGS);
  const dice = random();
  if (dice < 0.35) {
    expect(await repository.delete(tag)).toBe(tags.delete(tag));
  } else if (!digest) {
    await content.projects.describe(ACTOR, name, `described ${random()}`);
  } else if (dice < 0.6) {
    await repository.tag(tag, digest);
    tags.set(tag, digest);
  } else if (dice < 0.7) {
    await content.labels.put(ACTOR, labelId, name, digest);
  } else if (await deleted(repository.delete(digest))) {
    manifests.delete(digest);
    for (const [key, named] of tags) if (named === digest) tags.delete(key);
  }
}

/** `sample`, or the first of an index. */
function imageIn(sample: Sample): Sample {
  const [child] = sample.children;
  return child && child.children.length > 0 ? child : sample;
}

/** Whether it was deleted: what an index still needs is refused. */
async function deleted(deleting: Promise<boolean>): Promise<boolean> {
  try {
    return await deleting;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "DENIED") return false;
    throw error;
  }
}
