import { digestOf } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { openObjects } from "./open-objects.ts";
import { openStorage } from "./open-storage.ts";
import { objectSuite } from "./object-suite.ts";
import { parseS3Address } from "./s3-address.ts";
import { openBucket } from "./s3-bucket.ts";
import { blobKey } from "./s3-keys.ts";
import { openS3Store } from "./s3-store.ts";
import { storageSuite } from "./suite.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";
import { newPlace, testS3 } from "./testing.ts";

const s3 = await testS3();

describe.skipIf(s3 === null)("on a real S3 server", { timeout: 120_000 }, () => {
  storageSuite("S3", async () => {
    const address = parseS3Address(await newPlace(s3!));
    let later = 0;
    const now = () => Date.now() + later;
    const open = async () => {
      const bucket = await openBucket(address, s3!.keys);
      return await openS3Store({ bucket, partBytes: 5 * 1024 * 1024, now });
    };
    const opened = [await open()];
    const behind = await openBucket(address, s3!.keys);
    return {
      store: opened[0]!,
      damage: (digest, bytes) => behind.put(blobKey(digest), bytes),
      advance: (ms) => void (later += ms),
      async reopen() {
        const again = await open();
        opened.push(again);
        return again;
      },
      async close() {
        for (const store of opened) await store.close();
        behind.close();
      },
    };
  });

  objectSuite("S3", async () => {
    const url = await newPlace(s3!);
    const open = () => openObjects(url, { keys: s3!.keys });
    return { objects: await open(), reopen: open };
  });

  test.each([
    [
      "an unknown key",
      { accessKey: "nobody", secretKey: "x" },
      {},
      /InvalidAccessKeyId.*ACCESS_KEY/,
    ],
    ["a wrong secret", { secretKey: "hidden" }, {}, /SignatureDoesNotMatch.*SECRET_KEY/],
    ["no such bucket", {}, { bucket: "no-such-bucket" }, /NoSuchBucket.*create it/],
    ["no server", {}, { endpoint: "http://127.0.0.1:9" }, /ECONNREFUSED.*check the address/],
  ])("%s is told, with what to do", async (_, keys, place, words) => {
    const address = { ...parseS3Address(await newPlace(s3!)), ...place };
    const bucket = await openBucket(address, { ...s3!.keys, ...keys });
    const refusal = await openS3Store({ bucket, partBytes: 1 }).catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: "UNAVAILABLE", message: expect.stringMatching(words) });
    expect(String(refusal)).not.toContain("hidden");
    bucket.close();
  });

  test("a prefix that holds something else is refused and left alone", async () => {
    const url = await newPlace(s3!);
    const bucket = await openBucket(parseS3Address(url), s3!.keys);
    await bucket.put("thesis.txt", Buffer.from("mine"));
    const keys = s3!.keys;
    await expect(openStorage(url, { keys })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await listOf(bucket.list(""))).toMatchObject([{ key: "thesis.txt" }]);
    bucket.close();
  });

  test("of two nodes that go on with an upload at once one is refused", async () => {
    const url = await newPlace(s3!);
    const [one, two] = [await openStorage(url, s3!), await openStorage(url, s3!)];
    const bytes = sampleBytes(200_000);
    const { id } = await one.start("library/a");
    const drafts = [(await one.resume("library/a", id))!, (await two.resume("library/a", id))!];
    const writes = [bytes, sampleBytes(200_000, 2)].map((sent, n) =>
      drafts[n]!.append(inPieces(sent)),
    );
    const outcomes = await Promise.allSettled(writes);
    const won = outcomes.findIndex(({ status }) => status === "fulfilled");
    expect(outcomes[1 - won]).toMatchObject({ reason: { code: "RANGE_INVALID" } });
    const blob = won === 0 ? bytes : sampleBytes(200_000, 2);
    await drafts[won]!.commit(digestOf(blob));
    expect((await allOf(await two.read(digestOf(blob)))).equals(blob)).toBe(true);
    await one.close();
    await two.close();
  });
});
