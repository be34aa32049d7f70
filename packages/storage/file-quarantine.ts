import { join } from "node:path";
import { algorithmOf, asDigest, hexOf, type Algorithm, type Digest } from "@entrepot/oci";
import { diskFailure, isMissing, onDisk, type Disk } from "./disk.ts";
import { blobPath, shardFolder, syncFolder } from "./layout.ts";
import type { BlobStore } from "./ports.ts";

/** Blobs out of sight: what garbage collection is about to remove, and what is damaged. */
export interface FileQuarantine extends Pick<
  BlobStore,
  "quarantine" | "quarantined" | "remove" | "setAside"
> {
  /** Puts blob `digest` back to its place, if it is in quarantine. */
  takeBack(digest: Digest): Promise<boolean>;
}

const ALGORITHMS: readonly Algorithm[] = ["sha256", "sha512"];

/** The quarantine of the store at `root`. Renames alone: a blob is in one place at any moment. */
export function fileQuarantine(disk: Disk, root: string, now: () => number): FileQuarantine {
  const folderOf = (kind: "quarantine" | "damaged", algorithm: Algorithm) =>
    join(root, kind, algorithm);
  const pathOf = (kind: "quarantine" | "damaged", digest: Digest) =>
    join(folderOf(kind, algorithmOf(digest)), hexOf(digest));

  async function away(kind: "quarantine" | "damaged", digest: Digest): Promise<boolean> {
    const [from, to] = [blobPath(root, digest), pathOf(kind, digest)];
    const folder = folderOf(kind, algorithmOf(digest));
    return onDisk(`moving blob ${digest} to ${kind}`, root, async () => {
      await disk.mkdir(folder, { recursive: true });
      try {
        // A file's own time says since when it is there: a rename keeps it.
        if (kind === "quarantine") await disk.utimes(from, new Date(now()), new Date(now()));
        await disk.rename(from, to);
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
      await syncFolder(disk, folder);
      await syncFolder(disk, shardFolder(root, digest));
      return true;
    });
  }

  return {
    quarantine: (digest) => away("quarantine", digest),
    setAside: (digest) => away("damaged", digest),
    takeBack: (digest) =>
      onDisk(`taking blob ${digest} back`, root, async () => {
        try {
          await disk.rename(pathOf("quarantine", digest), blobPath(root, digest));
        } catch (error) {
          if (isMissing(error)) return false;
          throw error;
        }
        await syncFolder(disk, shardFolder(root, digest));
        return true;
      }),
    remove: (digest) =>
      onDisk(`removing blob ${digest}`, root, async () => {
        try {
          await disk.unlink(pathOf("quarantine", digest));
        } catch (error) {
          if (isMissing(error)) return false;
          throw error;
        }
        await syncFolder(disk, folderOf("quarantine", algorithmOf(digest)));
        return true;
      }),
    async *quarantined() {
      for (const algorithm of ALGORITHMS) {
        const folder = folderOf("quarantine", algorithm);
        const entries = await disk.opendir(folder).catch((error: unknown) => {
          if (isMissing(error)) return [];
          throw diskFailure(error, "listing the quarantine", root);
        });
        for await (const { name } of entries) {
          const digest = asDigest(`${algorithm}:${name}`);
          if (!digest) continue;
          const facts = await disk.stat(join(folder, name)).catch((error: unknown) => {
            if (isMissing(error)) return null;
            throw diskFailure(error, "looking into the quarantine", root);
          });
          if (facts) yield { digest, size: facts.size, since: facts.mtime };
        }
      }
    },
  };
}
