import type { Bytes } from "@entrepot/oci";
import { expect, test } from "vitest";
import { readObject } from "./read-object.ts";
import { allOf, inPieces, sampleBytes } from "./suite-bytes.ts";

const BYTES = sampleBytes(100_000);

/** A bucket with one object, whose connections give what `answer` makes of the bytes asked for. */
function bucketOf(answer: (bytes: Uint8Array, nth: number) => Bytes) {
  const asked: number[] = [];
  return {
    asked,
    place: "s3:bucket/",
    async get(_key: string, span?: { start: number; end: number }) {
      const { start, end } = span!;
      asked.push(start);
      const length = Math.max(0, Math.min(end, BYTES.length) - start);
      return { length, bytes: answer(BYTES.subarray(start, start + length), asked.length) };
    },
  };
}

const span = (start: number, end: number) => ({ key: "blob", what: "the blob", start, end });

test.each(["breaks", "ends without a word"])(
  "a connection that %s is gone on with",
  async (how) => {
    const broken = how === "breaks" ? new Error("socket hang up") : undefined;
    const bucket = bucketOf((bytes, nth) =>
      nth > 20 ? inPieces(bytes) : inPieces(bytes.subarray(0, 3_000), 1_000, broken),
    );
    const read = await allOf(readObject(bucket, span(10, 90_000)));
    expect(read.equals(BYTES.subarray(10, 90_000))).toBe(true);
    expect(bucket.asked.slice(0, 3)).toEqual([10, 3_010, 6_010]);
  },
);

test("a connection that gives nothing is given up, with what to do", async () => {
  const bucket = bucketOf(() => inPieces(new Uint8Array(0), 1, new Error("socket hang up")));
  await expect(allOf(readObject(bucket, span(0, 10)))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/^reading the blob failed in s3:bucket\/ .*: check the server/),
  });
  expect(bucket.asked.length).toBe(6);
});

test("an object that is shorter is INTEGRITY, one that is gone BLOB_UNKNOWN", async () => {
  const short = allOf(readObject(bucketOf(inPieces), span(0, 100_001)));
  await expect(short).rejects.toMatchObject({ code: "INTEGRITY" });
  const gone = { place: "s3:bucket/", get: async () => null };
  await expect(allOf(readObject(gone, span(0, 1)))).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});
