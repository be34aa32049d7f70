import { randomUUID } from "node:crypto";
import { algorithmOf, digestOf, RegistryError } from "@entrepot/oci";
import type { MemoryContents } from "./memory-repository.ts";
import type { BlobUploads, Upload } from "./ports.ts";

/** An upload's bytes so far. */
export interface MemoryUpload {
  chunks: Uint8Array[];
  offset: number;
  busy: boolean;
}

/** The uploads of the repository `name`: `read` finds its contents, `write` makes them. */
export function memoryUploads(
  name: string,
  read: () => MemoryContents,
  write: () => MemoryContents,
): BlobUploads {
  return {
    async startUpload() {
      const id = randomUUID();
      write().uploads.set(id, { chunks: [], offset: 0, busy: false });
      return memoryUpload(name, id, write());
    },
    async resumeUpload(id) {
      return read().uploads.has(id) ? memoryUpload(name, id, read()) : null;
    },
  };
}

function memoryUpload(name: string, id: string, contents: MemoryContents): Upload {
  const find = () => {
    const upload = contents.uploads.get(id);
    if (upload) return upload;
    throw new RegistryError("BLOB_UPLOAD_UNKNOWN", `${name} has no upload ${id}; start a new one`);
  };
  return {
    id,
    get offset() {
      return contents.uploads.get(id)?.offset ?? 0;
    },
    async append(bytes) {
      const upload = idle(id, find());
      upload.busy = true;
      try {
        for await (const chunk of bytes) {
          upload.chunks.push(Uint8Array.from(chunk));
          upload.offset += chunk.length;
        }
      } finally {
        upload.busy = false;
      }
      return upload.offset;
    },
    async commit(digest) {
      const upload = idle(id, find());
      contents.uploads.delete(id);
      const bytes = Buffer.concat(upload.chunks);
      const found = digestOf(bytes, algorithmOf(digest));
      if (found !== digest) {
        throw new RegistryError(
          "DIGEST_INVALID",
          `the upload ${id} is ${found}, not ${digest}; start a new one`,
        );
      }
      contents.blobs.set(digest, bytes);
      return bytes.length;
    },
    async cancel() {
      contents.uploads.delete(id);
    },
  };
}

function idle(id: string, upload: MemoryUpload): MemoryUpload {
  if (!upload.busy) return upload;
  throw new RegistryError("RANGE_INVALID", `another writer is at work on the upload ${id}`);
}
