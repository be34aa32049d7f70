import { randomBytes } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { inject } from "vitest";
import type { S3Keys } from "./s3-bucket.ts";

export { type DiskAct, type LossyDisk, lossyDisk, type Mishap } from "./lossy-disk.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Asked by GET, it answers where the run's S3 server is; see tools/vitest-s3.ts. */
    testS3: string;
  }
}

/** A real S3 server that runs for the tests. */
export interface TestS3 {
  /** As http://127.0.0.1:port. */
  readonly endpoint: string;
  readonly keys: S3Keys;
}

/**
 * The S3 server of this test run (Ceph's), which the first to ask starts within half a minute.
 * Null, with a line that says so, where its programs are not installed.
 */
export async function testS3(): Promise<TestS3 | null> {
  const answer = await fetch(inject("testS3"));
  if (answer.ok) return (await answer.json()) as TestS3;
  const text = await answer.text();
  if (answer.status !== 404) throw new Error(text);
  console.log(`skipped: ${text}`);
  return null;
}

/** One for each process that tests: making one takes seconds. */
let bucket: Promise<string> | null = null;

/** The address of a new, empty place there: a prefix of its own in a bucket. */
export async function newPlace(s3: TestS3): Promise<string> {
  const name = await (bucket ??= newBucket(s3));
  const prefix = `some/prefix-${randomBytes(8).toString("hex")}`;
  return `s3:${name}/${prefix}?endpoint=${s3.endpoint}&path_style=true`;
}

async function newBucket({ endpoint, keys }: TestS3): Promise<string> {
  const name = `test-${randomBytes(8).toString("hex")}`;
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: keys.accessKey, secretAccessKey: keys.secretKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return name;
}
