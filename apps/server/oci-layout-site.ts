import { lstat, realpath } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutFolder, type LayoutFiles, layoutRegistry, readLayoutTar } from "@entrepot/layout";
import { RegistryError } from "@entrepot/oci";
import { pages } from "@entrepot/registry";
import type { Selection, Site } from "@entrepot/replication";

/**
 * An OCI layout on this machine: `file:///folder`, or `file:///file.tar` for reading. Only within
 * `allowed`, folders that the operator lists; links on the way out of them are refused.
 */
export function ociLayoutSite(url: string, allowed: readonly string[]): Site {
  const address = new URL(url);
  const path = resolve(fileURLToPath(new URL(address.pathname, "file://")));
  const repository = address.searchParams.get("repository") ?? undefined;
  const files = openedLate(path, allowed);
  const layout = layoutRegistry(files, { repository });
  return {
    registry: () => layout,
    async *list(selection: Selection) {
      for await (const name of pages((query) => layout.repositories(query))) {
        if (!selection.repository(name)) continue;
        const found = layout.repository(name);
        for await (const tag of pages((query) => found.tags(query))) {
          if (!selection.tag(tag)) continue;
          const content = await found.resolve(tag);
          if (content) yield { repository: name, reference: tag, digest: content.digest };
        }
      }
    },
    isPublic: async () => false,
    prepare: async () => undefined,
    deleteTag: (name, tag) => layout.repository(name).delete(tag),
    async ping() {
      if ((await layout.unnamed()) > 0 && (await layout.repositories({ n: 1 })).items.length < 1) {
        throw new RegistryError(
          "UNSUPPORTED",
          `${path} names nothing that can be told to be project/repository:tag; say which ` +
            "repository it holds: file:///folder?repository=project/name",
        );
      }
      return { peerId: null };
    },
    close: () => files.close(),
  };
}

/** The layout at `path`, opened when first used; a tar again once it has been replaced. */
function openedLate(path: string, allowed: readonly string[]): LayoutFiles {
  const opened = new Map<string, Promise<LayoutFiles>>();
  const now = async (): Promise<LayoutFiles> => {
    await checkPlace(path, allowed);
    const found = await lstat(path);
    const isFolder = found.isDirectory();
    const key = isFolder ? "folder" : `${found.ino} ${found.size} ${found.mtimeMs}`;
    const open = async () => (isFolder ? layoutFolder(path) : readLayoutTar(path));
    const files = opened.get(key) ?? open();
    opened.set(key, files);
    files.catch(() => opened.delete(key));
    return files;
  };
  return {
    path,
    sizeOf: async (digest) => (await now()).sizeOf(digest),
    read: async (digest, range) => (await now()).read(digest, range),
    write: async (content, bytes) => (await now()).write(content, bytes),
    index: async () => (await now()).index(),
    changeIndex: async (change) => (await now()).changeIndex(change),
    uploads: (name) => ({
      startUpload: async (algorithm) => (await now()).uploads(name).startUpload(algorithm),
      resumeUpload: async (id) => (await now()).uploads(name).resumeUpload(id),
    }),
    async close() {
      for (const files of opened.values()) await files.then((one) => one.close()).catch(() => {});
    },
  };
}

/** Throws DENIED unless `path` is really within one of `allowed`, UNREACHABLE if it is absent. */
async function checkPlace(path: string, allowed: readonly string[]): Promise<void> {
  const folder = allowed.map((one) => resolve(one)).find((one) => isWithin(path, one));
  if (folder === undefined) {
    throw new RegistryError(
      "DENIED",
      `${path} is in no folder for layouts; the operator lists these in ENTREPOT_LAYOUT_FOLDERS`,
    );
  }
  const [real, root] = await Promise.all([path, folder].map((one) => realpath(one))).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new RegistryError("UNREACHABLE", `${path} cannot be opened (${cause.code})`, { cause });
    },
  );
  if (real === join(root!, relative(folder, path))) return;
  throw new RegistryError("DENIED", `${path} leads through a symbolic link; give the place itself`);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
