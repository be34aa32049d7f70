import { randomBytes } from "node:crypto";
import { mediaTypes } from "@entrepot/oci";
import { expect } from "vitest";
import { bytesOf, collect } from "../bytes.ts";
import type { ByteRange } from "../ports.ts";
import { pushSample, sampleBlob, sampleImage } from "../samples.ts";
import { expectBytes, expectCode, pushOnly, type Cases } from "./fixture.ts";

const RANGES: readonly (readonly [ByteRange, string])[] = [
  [{ start: 0 }, "0123456789"],
  [{ start: 3 }, "3456789"],
  [{ start: 9 }, "9"],
  [{ start: 0, length: 1 }, "0"],
  [{ start: 2, length: 5 }, "23456"],
  [{ start: 9, length: 1 }, "9"],
  [{ start: 0, length: 10 }, "0123456789"],
];

/** Blobs: pushed, fetched, mounted. */
export const blobCases: Cases = {
  "keeps a blob": async ({ repository }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    const { digest, size } = blob.content;
    expect(await repository.stat(digest)).toMatchObject({ digest, size });
    await expectBytes(repository, blob);
  },

  "keeps an empty blob": async ({ repository }) => {
    const blob = sampleBlob("");
    await pushOnly(repository, blob);
    expect(await repository.stat(blob.content.digest)).toMatchObject({ size: 0 });
    await expectBytes(repository, blob);
  },

  "keeps a blob under its sha512 digest": async ({ repository }) => {
    const blob = sampleBlob(undefined, mediaTypes.bytes, "sha512");
    await pushOnly(repository, blob);
    expect(await repository.stat(blob.content.digest)).toMatchObject({ size: 64 });
    await expectBytes(repository, blob);
  },

  "keeps a blob that comes in many chunks": async ({ repository }) => {
    const chunks = Array.from({ length: 40 }, (_, n) => randomBytes(n * 1000));
    const blob = sampleBlob(Buffer.concat(chunks));
    await repository.push(blob.content, bytesOf(...chunks));
    await expectBytes(repository, blob);
  },

  "gives any part of a blob": async ({ repository }) => {
    const { content, bytes } = sampleBlob("0123456789");
    await repository.push(content, bytesOf(bytes));
    for (const [range, expected] of RANGES) {
      const part = await collect(await repository.fetch(content, range), 10);
      expect(Buffer.from(part).toString()).toBe(expected);
    }
  },

  "takes the same blob again, also at once": async ({ repository }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    await pushOnly(repository, blob);
    await Promise.all([1, 2, 3].map(() => pushOnly(repository, blob)));
    await expectBytes(repository, blob);
  },

  "knows nothing of a blob that was never pushed": async ({ repository }) => {
    const { content } = sampleBlob();
    expect(await repository.stat(content.digest)).toBeNull();
    await expectCode(repository.fetch(content), "BLOB_UNKNOWN", "NAME_UNKNOWN");
  },

  "refuses other bytes, fewer and more, and stores nothing": async ({ repository }) => {
    const { content, bytes } = sampleBlob();
    for (const wrong of [randomBytes(64), bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
      const push = repository.push(content, bytesOf(wrong));
      await expectCode(push, "DIGEST_INVALID", "SIZE_INVALID");
      expect(await repository.stat(content.digest)).toBeNull();
    }
    await repository.push(content, bytesOf(bytes));
    expect(await repository.stat(content.digest)).not.toBeNull();
  },

  "stores nothing when the bytes break off": async ({ repository }) => {
    const { content, bytes } = sampleBlob();
    const broken = (async function* () {
      yield bytes.subarray(0, 10);
      throw new Error("the line went dead");
    })();
    await expect(repository.push(content, broken)).rejects.toThrow();
    expect(await repository.stat(content.digest)).toBeNull();
  },

  "shows a blob only in the repository that has it": async ({ repository, other }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    await pushSample(other, sampleImage());
    expect(await other.stat(blob.content.digest)).toBeNull();
    await expectCode(other.fetch(blob.content), "BLOB_UNKNOWN");
  },

  "mounts a blob from the repository that has it": async ({ repository, other }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    expect(await other.mount(blob.content, repository.name)).toBe(true);
    expect(await other.mount(blob.content, repository.name)).toBe(true);
    await expectBytes(other, blob);
  },

  "mounts a blob from wherever it is": async ({ repository, other }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    expect(await other.mount(blob.content)).toBe(true);
    await expectBytes(other, blob);
  },

  "mounts nothing that is not there": async ({ repository, other }) => {
    const { content } = sampleBlob();
    await pushSample(repository, sampleImage());
    expect(await other.mount(content, repository.name)).toBe(false);
    expect(await other.mount(content, `${repository.name}/none`)).toBe(false);
    expect(await other.mount(content)).toBe(false);
    expect(await other.stat(content.digest)).toBeNull();
  },

  "a mounted blob outlives the one it came from": async ({ repository, other }) => {
    const blob = sampleBlob();
    await pushOnly(repository, blob);
    await other.mount(blob.content, repository.name);
    await repository.deleteBlob(blob.content.digest);
    await expectBytes(other, blob);
  },
};
