import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { algorithmOf, type Bytes, type Digest, RegistryError } from "@entrepot/oci";
import type { BlobUploads, Upload } from "@entrepot/registry";
import { isMissing, onDisk } from "./disk-failure.ts";
import { readSpan } from "./read-part.ts";

/** Where uploads arrive, and where they go. */
export interface UploadPlace {
  readonly folder: string;
  /** The repository's name: an upload is known there alone. */
  readonly name: string;
  prepare(): Promise<void>;
  place(digest: Digest): string;
  moveInto(draft: string, place: string): Promise<void>;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** Drafts that this process writes to. */
const busy = new Set<string>();

/** Uploads in pieces, each a file whose length is its offset. They outlive the process. */
export function folderUploads(at: UploadPlace): BlobUploads {
  const owner = createHash("sha256").update(at.name).digest("hex").slice(0, 16);
  const draftOf = (id: string) => join(at.folder, `${owner}-${id}`);
  return {
    async startUpload() {
      await at.prepare();
      const id = randomUUID();
      await (await open(draftOf(id), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644)).close();
      return upload(at, id, draftOf(id), 0);
    },
    async resumeUpload(id) {
      if (!ID.test(id)) return null;
      const size = await sizeOf(draftOf(id));
      return size === null ? null : upload(at, id, draftOf(id), size);
    },
  };
}

function upload(at: UploadPlace, id: string, draft: string, size: number): Upload {
  let offset = size;
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy.has(draft)) {
      throw new RegistryError("RANGE_INVALID", `another writer is at work on the upload ${id}`);
    }
    busy.add(draft);
    try {
      if ((await sizeOf(draft)) !== null) return await onDisk(`the upload ${id}`, work);
      throw new RegistryError("BLOB_UPLOAD_UNKNOWN", `${at.name} has no upload ${id}; start anew`);
    } finally {
      busy.delete(draft);
    }
  };
  return {
    id,
    get offset() {
      return offset;
    },
    append: (bytes) => alone(async () => (offset = await append(draft, bytes))),
    commit: (digest) =>
      alone(async () => {
        const found = await hashOf(draft, algorithmOf(digest));
        if (found.digest !== digest) {
          await unlink(draft);
          const message = `the upload ${id} is ${found.digest}, not ${digest}; start a new one`;
          throw new RegistryError("DIGEST_INVALID", message);
        }
        await at.moveInto(draft, at.place(digest));
        return found.size;
      }),
    cancel: () => unlink(draft).catch(() => undefined),
  };
}

async function append(draft: string, bytes: Bytes): Promise<number> {
  const file = await open(draft, O_WRONLY | constants.O_APPEND | O_NOFOLLOW);
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function hashOf(draft: string, algorithm: "sha256" | "sha512") {
  const file = await open(draft, O_RDONLY | O_NOFOLLOW);
  const { size } = await file.stat();
  const hash = createHash(algorithm);
  try {
    for await (const chunk of readSpan(file, { offset: 0, size }, "keep")) hash.update(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  return { digest: `${algorithm}:${hash.digest("hex")}`, size };
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
