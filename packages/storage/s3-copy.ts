import { copySource } from "./s3-address.ts";
import type { S3Connection } from "./s3-bucket.ts";

const PART_BYTES = 1024 ** 3;
const AT_A_TIME = 4;

/**
 * Copies an object that is too large for one call, in parts, on the server's side. Nobody sees it
 * before it is whole. True, since a source that has gone meanwhile throws UNAVAILABLE.
 */
export async function copyInParts(
  { aws, client, address, told }: S3Connection,
  from: string,
  to: string,
  size: number,
): Promise<boolean> {
  const object = { Bucket: address.bucket, Key: address.prefix + to };
  const CopySource = copySource(address, from);
  return await told(`copying ${from}`, async () => {
    const { UploadId } = await client.send(new aws.CreateMultipartUploadCommand(object));
    const parts: { PartNumber: number; ETag: string }[] = [];
    const starts = Array.from({ length: Math.ceil(size / PART_BYTES) }, (_, n) => n);
    const copier = async () => {
      for (let n = starts.shift(); n !== undefined; n = starts.shift()) {
        const end = Math.min(size, (n + 1) * PART_BYTES);
        const CopySourceRange = `bytes=${n * PART_BYTES}-${end - 1}`;
        const command = { ...object, UploadId, PartNumber: n + 1, CopySource, CopySourceRange };
        const { CopyPartResult } = await client.send(new aws.UploadPartCopyCommand(command));
        parts.push({ PartNumber: n + 1, ETag: CopyPartResult!.ETag! });
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_A_TIME }, copier));
      const Parts = parts.toSorted((a, b) => a.PartNumber - b.PartNumber);
      const whole = { ...object, UploadId, MultipartUpload: { Parts } };
      await client.send(new aws.CompleteMultipartUploadCommand(whole));
      return true;
    } catch (error) {
      // The first failure is the one to tell; what stays begun is swept away.
      await client
        .send(new aws.AbortMultipartUploadCommand({ ...object, UploadId }))
        .catch(() => undefined);
      throw error;
    }
  });
}
