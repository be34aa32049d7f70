import { algorithmOf, RegistryError } from "@entrepot/oci";
import type { Bytes, Descriptor } from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import type { Repository } from "@entrepot/registry";
import { counted } from "./counted-bytes.ts";
import type { Remote } from "./remote.ts";
import { uploadRequests } from "./upload-requests.ts";

/** Blobs up to this size travel in one piece, which can be sent again after a refusal. */
const SMALL_BLOB_BYTES = 1024 * 1024;

const KEPT_MS = 5 * 60_000;

/** Answers to a mount that mean: not here, not you, not this way. Then a push must do. */
const NO_MOUNT = new Set([
  "BAD_REQUEST",
  "BLOB_UNKNOWN",
  "DENIED",
  "METHOD_NOT_ALLOWED",
  "NAME_INVALID",
  "NAME_UNKNOWN",
  "NOT_FOUND",
  "UNAUTHORIZED",
  "UNSUPPORTED",
]);

/** Storing whole blobs in the remote repository `name`. */
export function remotePush(
  remote: Remote,
  name: string,
): Pick<Repository, "mount"> & { pushBlob(content: Descriptor, bytes: Bytes): Promise<void> } {
  const requests = uploadRequests(remote, name);
  const keyOf = ({ digest }: Descriptor) => `${name}@${digest}`;

  function takeBegun(content: Descriptor): string | undefined {
    const begun = remote.begun.take(keyOf(content));
    return begun && begun.until > remote.clock() ? begun.location : undefined;
  }

  const begin = async (content: Descriptor) =>
    (await requests.begin(algorithmOf(content.digest))).location;

  async function pushSmall(content: Descriptor, bytes: Uint8Array): Promise<void> {
    const begun = takeBegun(content);
    if (begun !== undefined) {
      try {
        return await requests.put(begun, content, bytes);
      } catch (error) {
        if (!isUploadGone(error)) throw error;
      }
    }
    if (!remote.singlePost) return await requests.put(await begin(content), content, bytes);
    const place = await requests.post(content.digest, bytes);
    if (place) await requests.put(place.location, content, bytes);
  }

  async function pushLarge(content: Descriptor, bytes: Bytes): Promise<void> {
    const location = takeBegun(content) ?? (await begin(content));
    const source = counted(bytes, content.size);
    try {
      await requests.put(location, content, source.bytes);
    } catch (error) {
      const unreachable = error instanceof RegistryError && error.code === "UNREACHABLE";
      if (source.failed || !unreachable) await requests.cancel(location);
      throw source.failed?.error ?? error;
    }
  }

  return {
    async pushBlob(content, bytes) {
      if (content.size > SMALL_BLOB_BYTES) return await pushLarge(content, bytes);
      const whole = await collect(counted(bytes, content.size).bytes, content.size);
      await pushSmall(content, whole);
    },

    async mount(content, from) {
      const place = await requests.mount(content.digest, from).catch((error: unknown) => {
        if (error instanceof RegistryError && NO_MOUNT.has(error.code)) return "refused" as const;
        throw error;
      });
      if (place === "refused") return false;
      if (!place) return true;
      // Half the way to a push: the one that follows goes on from here.
      const { location } = place;
      const until = remote.clock() + KEPT_MS;
      remote.begun.set(keyOf(content), { location, repository: name, until });
      return false;
    },
  };
}

function isUploadGone(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "BLOB_UPLOAD_UNKNOWN";
}
