import { describe } from "vitest";
import { openObjects } from "./open-objects.ts";
import { objectSuite } from "./object-suite.ts";
import { parseS3Address } from "./s3-address.ts";
import { openBucket } from "./s3-bucket.ts";
import { blobKey } from "./s3-keys.ts";
import { openS3Store } from "./s3-store.ts";
import { storageSuite } from "./suite.ts";
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
});
