import { digestOf } from "@entrepot/oci";
import { expect } from "vitest";
import { listOf, pages } from "../page.ts";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "../samples.ts";
import { expectCode, pushOnly, type Cases } from "./fixture.ts";

/** Tags: set, moved, listed; and what deleting leaves. */
export const tagCases: Cases = {
  "sets several tags in one push": async ({ repository }) => {
    const image = sampleImage();
    const tags = ["1", "1.2", "1.2.3", "_x", "latest"];
    await pushSample(repository, image, tags);
    for (const tag of tags) expect(await repository.resolve(tag)).toMatchObject(image.content);
    expect((await repository.tags()).items).toEqual(tags);
  },

  "sets all tags of a push or none": async ({ repository }) => {
    const image = sampleImage();
    await expectCode(pushSample(repository, image, ["good", "-bad"]), "TAG_INVALID");
    expect(await repository.resolve("good")).toBeNull();
    expect(await repository.resolve(image.content.digest)).toBeNull();
  },

  "moves a tag": async ({ repository }) => {
    const [before, after] = [sampleImage(), sampleImage()];
    await pushSample(repository, before, ["v1"]);
    await pushSample(repository, after, ["v1"]);
    expect(await repository.resolve("v1")).toMatchObject(after.content);
    expect(await repository.resolve(before.content.digest)).toMatchObject(before.content);
  },

  "tags what is there, and again": async ({ repository }) => {
    const image = sampleImage();
    const digest = await pushSample(repository, image);
    await repository.tag("v1", digest);
    await repository.tag("v1", digest);
    expect(await repository.resolve("v1")).toMatchObject(image.content);
  },

  "does not tag what is not there": async ({ repository }) => {
    const digest = await pushSample(repository, sampleImage());
    await expectCode(repository.tag("v1", digestOf(Buffer.from("no"))), "MANIFEST_UNKNOWN");
    await expectCode(repository.tag("a:b", digest), "TAG_INVALID");
    expect(await repository.resolve("v1")).toBeNull();
  },

  "two pushes of one tag at once both succeed": async ({ repository }) => {
    const images = [sampleImage(), sampleImage()];
    await Promise.all(images.map((image) => pushSample(repository, image, ["v1"])));
    const now = await repository.resolve("v1");
    expect(images.map((image) => image.content.digest)).toContain(now?.digest);
  },

  "lists tags in ASCII order, page by page": async ({ repository }) => {
    const tags = ["0", "A", "B.1", "_x", "a", "a-b", "a.b", "b"];
    await pushSample(repository, sampleImage(), tags.toReversed());
    expect(await repository.tags()).toEqual({ items: tags, next: null });
    for (const n of [1, 3, 7, 8, 9]) {
      const listed = pages((query) => repository.tags({ ...query, n }));
      expect(await listOf(listed)).toEqual(tags);
    }
    expect((await repository.tags({ last: "a+", n: 2 })).items).toEqual(["a-b", "a.b"]);
    expect(await repository.tags({ last: "b" })).toEqual({ items: [], next: null });
    expect(await repository.tags({ n: 0 })).toEqual({ items: [], next: null });
  },

  "a repository that does not exist has no list of tags": async ({ repository }) => {
    await expectCode(repository.tags(), "NAME_UNKNOWN");
  },

  "deletes a tag and nothing else": async ({ repository }) => {
    const image = sampleImage();
    const digest = await pushSample(repository, image, ["gone", "kept"]);
    expect(await repository.delete("gone")).toBe(true);
    expect(await repository.delete("gone")).toBe(false);
    expect(await repository.resolve("gone")).toBeNull();
    expect(await repository.resolve("kept")).toMatchObject(image.content);
    expect(await repository.delete("kept")).toBe(true);
    expect(await repository.resolve(digest)).toMatchObject(image.content);
    expect((await repository.tags()).items).toEqual([]);
  },

  "deletes a manifest with all its tags": async ({ repository }) => {
    const [image, another] = [sampleImage(), sampleImage()];
    await pushSample(repository, another, ["kept"]);
    const digest = await pushSample(repository, image, ["a", "b"]);
    expect(await repository.delete(digest)).toBe(true);
    expect(await repository.delete(digest)).toBe(false);
    expect((await repository.tags()).items).toEqual(["kept"]);
    for (const reference of ["a", digest]) expect(await repository.resolve(reference)).toBeNull();
    await expectCode(repository.fetch(image.content), "MANIFEST_UNKNOWN");
  },

  "takes a deleted manifest again": async ({ repository }) => {
    const image = sampleImage();
    await repository.delete(await pushSample(repository, image, ["v1"]));
    await pushSample(repository, image, ["v1"]);
    expect(await repository.resolve("v1")).toMatchObject(image.content);
  },

  "an index outlives its tag, its image's deletion is its own": async ({ repository }) => {
    const image = sampleImage();
    const index = sampleIndex([image]);
    await pushSample(repository, index, ["v1"]);
    await repository.delete("v1");
    expect(await repository.resolve(index.content.digest)).toMatchObject(index.content);
    expect(await repository.resolve(image.content.digest)).toMatchObject(image.content);
  },

  "deletes nothing where there is nothing": async ({ repository }) => {
    const digest = digestOf(Buffer.from("nothing"));
    for (const reference of ["v1", digest]) expect(await repository.delete(reference)).toBe(false);
    expect(await repository.deleteBlob(digest)).toBe(false);
  },

  "deletes a blob, and takes it again": async ({ repository }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    expect(await repository.deleteBlob(blob.content.digest)).toBe(true);
    expect(await repository.deleteBlob(blob.content.digest)).toBe(false);
    expect(await repository.stat(blob.content.digest)).toBeNull();
    await pushOnly(repository, blob);
    expect(await repository.stat(blob.content.digest)).toMatchObject({ size: 64 });
  },
};
