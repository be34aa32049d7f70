import type { Readable } from "node:stream";
import type * as Aws from "@aws-sdk/client-s3";
import type { Bucket, BucketBody, BucketPart } from "./bucket.ts";
import { copySource, type S3Address } from "./s3-address.ts";
import { copyInParts } from "./s3-copy.ts";
import { isAbsent, isBeyondEnd, isTaken, s3Failure } from "./s3-failure.ts";
import { s3Listing } from "./s3-listing.ts";

/** Who speaks to S3. */
export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

const CONNECT_MS = 5_000;
/** A copy on the server's side answers when it is done. */
const ANSWER_MS = 120_000;
const IDLE_MS = 60_000;
const ATTEMPTS = 4;
const CONNECTIONS = 128;
/** The most that S3 copies in one go. */
const MOST_COPY_BYTES = 5 * 1024 ** 3;

/** What the functions over one connection to S3 share. */
export interface S3Connection {
  readonly aws: typeof Aws;
  readonly client: Aws.S3Client;
  readonly address: S3Address;
  /** What `work` gives; what S3 refuses is thrown as `s3Failure` words it. */
  told<T>(doing: string, work: () => Promise<T>): Promise<T>;
}

/**
 * The part of a bucket that `address` names. The SDK is loaded only here, and finds keys by its own
 * ways (AWS_ACCESS_KEY_ID, files, the machine's role) if there are none. Asks nothing yet.
 */
export async function openBucket(address: S3Address, keys?: S3Keys): Promise<Bucket> {
  const aws = await import("@aws-sdk/client-s3");
  const { bucket: Bucket, prefix, endpoint, region } = address;
  const client = new aws.S3Client({
    forcePathStyle: address.pathStyle,
    maxAttempts: ATTEMPTS,
    // Several servers know none of the SDK's newer checksums. Digests are checked anyway.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      socketTimeout: IDLE_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(keys && { credentials: { accessKeyId: keys.accessKey, secretAccessKey: keys.secretKey } }),
  });
  const place = `s3:${Bucket}/${prefix}`;
  const connection: S3Connection = {
    aws,
    client,
    address,
    async told(doing, work) {
      try {
        return await work();
      } catch (error) {
        throw s3Failure(error, doing, place);
      }
    },
  };
  return {
    place,
    ...wholeObjects(connection),
    ...inParts(connection),
    ...s3Listing(connection),
    async sign(key, seconds) {
      const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
      const command = new aws.GetObjectCommand({ Bucket, Key: prefix + key });
      return connection.told("signing an address", async () => {
        return new URL(await getSignedUrl(client, command, { expiresIn: seconds }));
      });
    },
    close: () => client.destroy(),
  };
}

function wholeObjects(
  on: S3Connection,
): Pick<Bucket, "check" | "size" | "get" | "put" | "putIfAbsent" | "copy" | "remove"> {
  const { aws, client, told } = on;
  const { bucket: Bucket, prefix } = on.address;

  async function headOf(key: string): Promise<number | null> {
    return await told(`looking for ${key}`, async () => {
      try {
        const command = new aws.HeadObjectCommand({ Bucket, Key: prefix + key });
        return (await client.send(command)).ContentLength ?? 0;
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    });
  }

  return {
    async check() {
      const list = new aws.ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 });
      await told("opening the bucket", () => client.send(list));
    },
    size: headOf,
    get: (key, span) => getObject(on, key, span),
    async put(key, bytes) {
      const Body = bytes;
      const command = new aws.PutObjectCommand({ Bucket, Key: prefix + key, Body });
      await told(`storing ${key}`, () => client.send(command));
    },
    async putIfAbsent(key, Body) {
      const command = { Bucket, Key: prefix + key, Body, IfNoneMatch: "*" };
      return await told(`storing ${key}`, async () => {
        try {
          await client.send(new aws.PutObjectCommand(command));
          return true;
        } catch (error) {
          if (isTaken(error)) return false;
          throw error;
        }
      });
    },
    async copy(from, to) {
      const size = await headOf(from);
      if (size === null) return false;
      if (size > MOST_COPY_BYTES) return await copyInParts(on, from, to, size);
      const CopySource = copySource(on.address, from);
      return await told(`copying ${from}`, async () => {
        try {
          await client.send(new aws.CopyObjectCommand({ Bucket, Key: prefix + to, CopySource }));
          return true;
        } catch (error) {
          if (isAbsent(error)) return false;
          throw error;
        }
      });
    },
    async remove(key) {
      const command = new aws.DeleteObjectCommand({ Bucket, Key: prefix + key });
      await told(`removing ${key}`, () => client.send(command));
    },
  };
}

async function getObject(
  { aws, client, address, told }: S3Connection,
  key: string,
  span?: { start: number; end: number },
): Promise<BucketBody | null> {
  const Range = span && `bytes=${span.start}-${span.end - 1}`;
  return await told(`reading ${key}`, async () => {
    try {
      const command = { Bucket: address.bucket, Key: address.prefix + key };
      const answer = await client.send(
        new aws.GetObjectCommand({ ...command, ...(Range && { Range }) }),
      );
      return { length: answer.ContentLength ?? 0, bytes: answer.Body as Readable };
    } catch (error) {
      if (isAbsent(error)) return null;
      if (isBeyondEnd(error)) return { length: 0, bytes: nothing() };
      throw error;
    }
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function inParts({
  aws,
  client,
  address,
  told,
}: S3Connection): Pick<Bucket, "begin" | "part" | "complete" | "abort"> {
  const { bucket: Bucket, prefix } = address;
  return {
    async begin(key) {
      const command = new aws.CreateMultipartUploadCommand({ Bucket, Key: prefix + key });
      return (await told(`beginning ${key}`, () => client.send(command))).UploadId!;
    },
    async part(key, UploadId, PartNumber, Body): Promise<BucketPart> {
      const command = { Bucket, Key: prefix + key, UploadId, PartNumber, Body };
      const sent = await told(`storing part ${PartNumber} of ${key}`, () =>
        client.send(new aws.UploadPartCommand(command)),
      );
      return { number: PartNumber, etag: sent.ETag!, size: Body.length };
    },
    async complete(key, UploadId, parts) {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
      const command = { Bucket, Key: prefix + key, UploadId, MultipartUpload: { Parts } };
      await told(`completing ${key}`, () =>
        client.send(new aws.CompleteMultipartUploadCommand(command)),
      );
    },
    async abort(key, UploadId) {
      const command = new aws.AbortMultipartUploadCommand({ Bucket, Key: prefix + key, UploadId });
      await told(`giving up ${key}`, async () => {
        try {
          await client.send(command);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      });
    },
  };
}
