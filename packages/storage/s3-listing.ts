import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
} from "@aws-sdk/client-s3";
import type { Bucket, BucketPart } from "./bucket.ts";
import type { S3Connection } from "./s3-bucket.ts";
import { isAbsent } from "./s3-failure.ts";

/** The lists of a bucket, page by page. */
export function s3Listing({
  aws,
  client,
  address,
  told,
}: S3Connection): Pick<Bucket, "list" | "parts" | "begun"> {
  const { bucket: Bucket, prefix } = address;

  return {
    async *list(under, after, most) {
      let next: string | undefined;
      do {
        const command = new aws.ListObjectsV2Command({
          Bucket,
          Prefix: prefix + under,
          ...(after !== undefined && after !== "" && { StartAfter: prefix + after }),
          ...(most !== undefined && { MaxKeys: most }),
          ...(next !== undefined && { ContinuationToken: next }),
        });
        const page = await told("listing", () => client.send(command));
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          yield { key: Key!.slice(prefix.length), size: Size ?? 0, modified: LastModified! };
        }
        next = page.IsTruncated && most === undefined ? page.NextContinuationToken : undefined;
      } while (next !== undefined);
    },

    async parts(key, UploadId) {
      const parts: BucketPart[] = [];
      let marker: string | undefined;
      do {
        const command = new aws.ListPartsCommand({
          Bucket,
          Key: prefix + key,
          UploadId,
          ...(marker !== undefined && { PartNumberMarker: marker }),
        });
        const page = await told(`listing the parts of ${key}`, async () => {
          return await client.send(command).catch((error: unknown) => {
            if (isAbsent(error)) return null;
            throw error;
          });
        });
        if (page === null) return null;
        for (const { PartNumber, ETag, Size } of page.Parts ?? []) {
          parts.push({ number: PartNumber!, etag: ETag!, size: Size ?? 0 });
        }
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
      return parts;
    },

    async *begun(under) {
      let at: Pick<ListMultipartUploadsCommandInput, "KeyMarker" | "UploadIdMarker"> | null = {};
      while (at) {
        const input: ListMultipartUploadsCommandInput = { Bucket, Prefix: prefix + under, ...at };
        const page: ListMultipartUploadsCommandOutput = await told(
          "listing unfinished uploads",
          () => client.send(new aws.ListMultipartUploadsCommand(input)),
        );
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          yield { key: Key!.slice(prefix.length), upload: UploadId!, since: Initiated! };
        }
        const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
        at = page.IsTruncated && KeyMarker ? { KeyMarker, UploadIdMarker } : null;
      }
    },
  };
}
