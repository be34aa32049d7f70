import { dirname, join } from "node:path";
import { RegistryError, algorithmOf, hexOf, parseDigest } from "@entrepot/oci";
import type { Algorithm, Digest } from "@entrepot/oci";
import type { Disk } from "./disk.ts";
import { isMissing } from "./disk.ts";

/** Where things lie under a store's root. docs/formats/blobs.md describes it for people. */
const LAYOUT_VERSION = 1;

/** The folder that holds blob `digest`: one of 256 for its algorithm. */
export function shardFolder(root: string, digest: Digest): string {
  parseDigest(digest); // a cast could bring anything; what becomes a path is checked here
  return join(algorithmFolder(root, algorithmOf(digest)), hexOf(digest).slice(0, 2));
}

/** The file of blob `digest`. */
export function blobPath(root: string, digest: Digest): string {
  return join(shardFolder(root, digest), hexOf(digest));
}

/** The folder of drafts and of files that are being written. */
export function uploadsFolder(root: string): string {
  return join(root, "uploads");
}

/** The folder that holds the blobs' folders of `algorithm`. */
export function algorithmFolder(root: string, algorithm: Algorithm): string {
  return join(root, "blobs", algorithm);
}

/**
 * Makes `root` ready: checks its version, makes the folders that are missing, syncs them. Repeating
 * is safe, after a crash in the middle too. Throws UNSUPPORTED for a newer version and CONFLICT for
 * a folder that holds something else.
 */
export async function prepareLayout(disk: Disk, root: string): Promise<void> {
  await makeFolder(disk, root);
  await checkVersion(disk, root);
  for (const algorithm of ["sha256", "sha512"] as const) {
    await disk.mkdir(algorithmFolder(root, algorithm), { recursive: true });
  }
  await disk.mkdir(uploadsFolder(root), { recursive: true });
  await syncFolder(disk, join(root, "blobs"));
  await syncFolder(disk, root);
}

/** Waits until the names in `folder` are on the disk. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  const handle = await disk.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(disk: Disk, root: string): Promise<void> {
  const topmost = await disk.mkdir(root, { recursive: true });
  if (topmost === undefined) return;
  // A new folder survives a power cut only once the folder above it is synced.
  let folder = root;
  do {
    folder = dirname(folder);
    await syncFolder(disk, folder);
  } while (folder !== dirname(topmost));
}

async function checkVersion(disk: Disk, root: string): Promise<void> {
  const text = await disk.readFile(join(root, "layout.json"), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (text === null) return await writeVersion(disk, root);
  checkLayout(text, root);
}

/** What `layout.json` holds. */
export const LAYOUT_TEXT = `{"layout":"entrepot-blobs","version":${LAYOUT_VERSION}}\n`;

/**
 * Checks the `text` of the `layout.json` of a store at `root`. Throws UNSUPPORTED for a newer
 * version and CONFLICT for something else.
 */
export function checkLayout(text: string, root: string): void {
  const version = versionIn(text);
  if (version === LAYOUT_VERSION) return;
  if (version !== null && version > LAYOUT_VERSION) {
    throw new RegistryError(
      "UNSUPPORTED",
      `blob store ${root} has layout version ${version}, this program knows up to ` +
        `${LAYOUT_VERSION}; start the newer program that wrote it`,
    );
  }
  throw new RegistryError(
    "CONFLICT",
    `${join(root, "layout.json")} does not describe a blob store; restore it, or choose ` +
      "another place",
  );
}

function versionIn(text: string): number | null {
  try {
    const { layout, version } = JSON.parse(text) as Record<string, unknown>;
    const known = layout === "entrepot-blobs" && Number.isSafeInteger(version);
    return known && (version as number) > 0 ? (version as number) : null;
  } catch {
    return null;
  }
}

async function writeVersion(disk: Disk, root: string): Promise<void> {
  const temporary = join(root, "layout.json.new");
  const others = (await disk.readdir(root)).filter(
    (name) => name !== "lost+found" && name !== "layout.json.new",
  );
  if (others.length > 0) {
    throw new RegistryError(
      "CONFLICT",
      `${root} is not empty and is no blob store (it has no layout.json); choose an empty folder`,
    );
  }
  const file = await disk.open(temporary, "w");
  try {
    await file.writeFile(LAYOUT_TEXT);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, join(root, "layout.json"));
  await syncFolder(disk, root);
}
