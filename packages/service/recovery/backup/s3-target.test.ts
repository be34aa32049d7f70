import { openObjects } from "@entrepot/storage";
import { newPlace, testS3 } from "@entrepot/storage/testing";
import { describe } from "vitest";
import { targetSuite } from "./target-suite.ts";

const s3 = await testS3();

describe.skipIf(s3 === null)("with a real S3 server", () => {
  targetSuite("a bucket", async () => openObjects(await newPlace(s3!), { keys: s3!.keys }));
});
