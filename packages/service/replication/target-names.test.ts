import type { Digest } from "@entrepot/oci";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { expect, test } from "vitest";
import type { Site } from "./ports.ts";
import { siteOf } from "./testing.ts";
import { type Sought, targetNames } from "./target-names.ts";

const ORIGIN = { registry: "here", seq: 1, path: ["here"] };
const TAGS = Array.from({ length: 12 }, (_, n) => `v${n}`);

/** A site with some of TAGS, and the questions that it was asked. */
async function siteWith(there: readonly string[], how: Partial<Site>) {
  const registry = memoryRegistry();
  const image = sampleImage();
  const { digest } = image.content;
  if (there.length > 0) await pushSample(registry.repository("library/app"), image, there);
  let questions = 0;
  let lists = 0;
  const site: Site = {
    ...siteOf(() => ({
      ...registry,
      repository: (name) => {
        const repository = registry.repository(name);
        const resolve = (reference: string) => {
          questions++;
          return repository.resolve(reference);
        };
        return { ...repository, resolve };
      },
    })),
    ...how,
    ...(how.tags && {
      tags: (repository: string, most: number) => {
        lists++;
        return how.tags!(repository, most);
      },
    }),
  };
  return { site, digest, asked: () => ({ questions, lists }) };
}

const DIGEST = `sha256:${"0".repeat(64)}` as Digest;
const soughtIn = (target: string, references = TAGS): Sought[] =>
  references.map((reference) => ({ target, reference, atSource: DIGEST }));

interface Case {
  readonly what: string;
  readonly there: readonly string[];
  readonly how: (there: readonly string[], digest: () => Digest) => Partial<Site>;
  readonly asked: { readonly questions: number; readonly lists: number };
}

const listing =
  (tells: boolean): Case["how"] =>
  (there, digest) => ({
    listsDigests: tells,
    tags: async () => new Map(there.map((tag) => [tag, tells ? digest() : null])),
  });

const CASES: readonly Case[] = [
  { what: "without lists", there: ["v1"], how: () => ({}), asked: { questions: 12, lists: 0 } },
  { what: "of names, new", there: [], how: listing(false), asked: { questions: 1, lists: 1 } },
  {
    what: "of names, the first one new",
    there: ["v1", "v3"],
    how: listing(false),
    asked: { questions: 3, lists: 1 },
  },
  {
    what: "of names, there",
    there: TAGS,
    how: listing(false),
    asked: { questions: 12, lists: 0 },
  },
  { what: "of digests", there: TAGS, how: listing(true), asked: { questions: 1, lists: 1 } },
  { what: "of digests, new", there: [], how: listing(true), asked: { questions: 1, lists: 1 } },
  {
    what: "that is too long",
    there: TAGS,
    how: () => ({ listsDigests: true, tags: async () => null }),
    asked: { questions: 12, lists: 1 },
  },
  {
    what: "that is refused",
    there: TAGS,
    how: () => ({ listsDigests: true, tags: () => Promise.reject(new Error("DENIED")) }),
    asked: { questions: 12, lists: 1 },
  },
];

test.for(CASES)("finds what is there, by a list $what", async ({ there, how, asked }) => {
  let known: Digest = DIGEST;
  const at = await siteWith(
    there,
    how(there, () => known),
  );
  known = at.digest;
  const found = await targetNames(at.site, ORIGIN)(soughtIn("library/app"));
  expect(found).toEqual(TAGS.map((tag) => (there.includes(tag) ? at.digest : null)));
  expect(at.asked()).toEqual(asked);
});

test("reads the list of a repository once, whatever batches its names come in", async () => {
  let known: Digest = DIGEST;
  const at = await siteWith(
    TAGS,
    listing(true)(TAGS, () => known),
  );
  known = at.digest;
  const lookUp = targetNames(at.site, ORIGIN);
  await lookUp(soughtIn("library/app"));
  const others = await lookUp(soughtIn("library/other"));
  await lookUp(soughtIn("library/app"));
  expect(at.asked().lists).toBe(2);
  expect(others[0]).toBeNull();
});

test("asks for a digest by itself, which is in no list of tags", async () => {
  let known: Digest = DIGEST;
  const at = await siteWith(
    TAGS,
    listing(true)(TAGS, () => known),
  );
  known = at.digest;
  const sought = soughtIn("library/app", [...TAGS, at.digest]);
  const found = await targetNames(at.site, ORIGIN)(sought);
  expect(found.at(-1)).toBe(at.digest);
});
