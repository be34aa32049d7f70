import { mediaTypes } from "@entrepot/oci";
import { expect } from "vitest";
import { listOf, pages } from "../page.ts";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "../samples.ts";
import type { Cases } from "./fixture.ts";

const BAD_NAMES: readonly string[] = [
  "",
  "library",
  "Library/x",
  "library//x",
  "library/x/",
  "/library/x",
  "library/../x",
  "library/-x",
  "library/x___y",
  "library/x y",
  "library/x:y",
  "library/%2e%2e",
  `library/${"x".repeat(248)}`,
];

const SIGNATURE = "application/vnd.example.signature";

/** Referrers and names. */
export const listCases: Cases = {
  "has no referrers of what nothing refers to": async ({ repository }) => {
    const { content } = sampleImage();
    expect(await repository.referrers(content.digest)).toEqual({ items: [], next: null });
    await pushSample(repository, sampleImage());
    expect(await repository.referrers(content.digest)).toEqual({ items: [], next: null });
  },

  "shows a referrer with its artifact type and annotations": async ({ repository }) => {
    const image = sampleImage();
    await pushSample(repository, image);
    const subject = image.content;
    const annotations = { "org.example.by": "me" };
    const signature = sampleImage({ subject, artifactType: SIGNATURE, annotations });
    await pushSample(repository, signature);
    const expected = { ...signature.content, artifactType: SIGNATURE, annotations };
    expect((await repository.referrers(subject.digest)).items).toEqual([expected]);
    await repository.delete(signature.content.digest);
    expect((await repository.referrers(subject.digest)).items).toEqual([]);
  },

  "takes an image's artifact type from its config, an index has none": async ({ repository }) => {
    const { content: subject } = sampleImage();
    const config = sampleBlob("{}", "application/vnd.example.config");
    const image = sampleImage({ subject, config });
    const index = sampleIndex([], { subject });
    await pushSample(repository, image);
    await pushSample(repository, index);
    const { items } = await repository.referrers(subject.digest);
    const types = new Map(items.map((item) => [item.digest, item.artifactType]));
    expect(types.get(image.content.digest)).toBe("application/vnd.example.config");
    expect(types.get(index.content.digest)).toBeUndefined();
    expect(types.size).toBe(2);
  },

  "lists referrers by digest, page by page, filtered": async ({ repository }) => {
    const { content: subject } = sampleImage();
    const config = sampleBlob("{}", mediaTypes.ociEmpty);
    const digests: string[] = [];
    for (let n = 0; n < 5; n++) {
      const annotations = { n: `${n}` };
      const signature = sampleImage({ subject, config, artifactType: SIGNATURE, annotations }, []);
      digests.push(await pushSample(repository, signature));
    }
    const sbom = sampleImage({ subject, config, artifactType: "application/vnd.example.sbom" }, []);
    const all = [...digests, await pushSample(repository, sbom)].toSorted();
    const read = async (n: number, artifactType?: string) => {
      const filter = artifactType === undefined ? { n } : { n, artifactType };
      const found = pages((query) => repository.referrers(subject.digest, { ...query, ...filter }));
      return (await listOf(found)).map((item) => item.digest);
    };
    for (const n of [1, 2, 6]) expect(await read(n)).toEqual(all);
    for (const n of [2, 10]) expect(await read(n, SIGNATURE)).toEqual(digests.toSorted());
    expect(await read(5, "application/vnd.example.none")).toEqual([]);
  },

  "refuses what is not a repository's name": async ({ registry }) => {
    for (const name of BAD_NAMES) {
      expect(() => registry.repository(name), name).toThrow(
        expect.objectContaining({ code: "NAME_INVALID" }),
      );
    }
  },

  "lists the repositories that exist, in ASCII order": async ({ registry, repository, other }) => {
    await pushSample(repository, sampleImage());
    const names = await listOf(pages((query) => registry.repositories(query)));
    expect(names).toContain(repository.name);
    expect(names).not.toContain(other.name);
    expect(names).toEqual(names.toSorted());
    const paged = pages((query) => registry.repositories({ ...query, n: 7 }));
    expect(await listOf(paged)).toEqual(names);
  },
};
