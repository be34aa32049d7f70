import { type Bytes, type Descriptor, RegistryError } from "@entrepot/oci";
import { collect, type Upload } from "@entrepot/registry";
import type { Draft } from "@entrepot/storage";
import type { Place } from "./room.ts";

/** Up to here a blob is gathered in memory and stored at once; larger ones are drafted. */
const SMALL_BYTES = 1 << 20;

/** Stores blob `content`. Bytes are durable before the row is; repeating heals damaged bytes. */
export async function pushBlob(at: Place, content: Descriptor, bytes: Bytes): Promise<void> {
  if (content.size <= SMALL_BYTES) {
    await at.room.store.put(content.digest, await collect(bytes, content.size));
    return addRow(at, content);
  }
  const draft = await at.room.store.start(at.repository);
  try {
    const size = await draft.append(bytes);
    if (size !== content.size) {
      throw new RegistryError(
        "SIZE_INVALID",
        `blob ${content.digest}: ${size} bytes came instead of ${content.size}; push it again`,
      );
    }
    await draft.commit(content.digest);
  } catch (error) {
    await draft.cancel();
    throw error;
  }
  await addRow(at, content);
}

/** `draft` as an upload of this repository: its commit also makes the blob part of it. */
export function uploadOf(at: Place, draft: Draft): Upload {
  return {
    id: draft.id,
    get offset() {
      return draft.offset;
    },
    append: (bytes) => draft.append(bytes),
    async commit(digest) {
      const size = await draft.commit(digest);
      await addRow(at, { digest, size });
      return size;
    },
    cancel: () => draft.cancel(),
  };
}

async function addRow(at: Place, blob: Pick<Descriptor, "digest" | "size">): Promise<void> {
  const { repository } = at;
  const added = await at.room.lookups.addBlob({ repository, digest: blob.digest, size: blob.size });
  if (!added) throw projectUnknown(repository);
}

/** NAME_UNKNOWN for a repository whose project does not exist. */
export function projectUnknown(repository: string): RegistryError {
  const project = repository.split("/", 1)[0];
  return new RegistryError(
    "NAME_UNKNOWN",
    `project '${project}' does not exist; create it first (entrepot project create ${project})`,
  );
}
