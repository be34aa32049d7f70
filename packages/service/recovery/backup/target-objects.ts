import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import {
  type BackupManifest,
  damaged,
  formatFor,
  manifestKey,
  parseChecked,
  printChecked,
  sha256,
  TARGET_KEY,
  type TargetFile,
} from "./format.ts";
import { gathered } from "./parts.ts";

/** A manifest, and the sha256 (hex) of its file, which the next one tells. */
export interface Kept {
  readonly manifest: BackupManifest;
  readonly sha256: string;
}

/** A snapshot and the segments after it, as far as they follow each other. */
export interface Chain {
  readonly id: string;
  /** The snapshot's own first. */
  readonly links: readonly Kept[];
  /** What is wrong with it; its links are whole up to there. */
  readonly problems: readonly string[];
}

/** What a target is. Throws NOT_FOUND if it is none. */
export async function readTargetFile(objects: ObjectStore): Promise<TargetFile> {
  const found = await readChecked<TargetFile>(objects, TARGET_KEY);
  if (found) return found.value;
  throw new RegistryError("NOT_FOUND", `there is no ${TARGET_KEY} here: this is no backup target`);
}

/**
 * Makes the target this registry's, or finds that it is. Throws CONFLICT if it is another's, if it
 * is encrypted for others than `recipients`, and if it holds another `scope`. Repeating is safe.
 */
export async function claimTarget(
  objects: ObjectStore,
  { registryId, now }: Pick<Catalog, "registryId" | "now">,
  recipients: readonly string[],
  scope: readonly string[] = [],
): Promise<TargetFile> {
  const mine: TargetFile = {
    format: formatFor(scope),
    registry: registryId,
    createdAt: now().toISOString(),
    recipients,
    ...(scope.length > 0 && { scope }),
  };
  if (await objects.putIfAbsent(TARGET_KEY, printChecked(mine))) return mine;
  const found = await readTargetFile(objects);
  if (found.registry !== registryId) {
    throw new RegistryError(
      "CONFLICT",
      `this place holds the backups of registry ${found.registry}, and this is ${registryId}; ` +
        "choose an empty place",
    );
  }
  if (found.recipients.toSorted().join() !== recipients.toSorted().join()) {
    const message = "this place is encrypted for other recipients; choose an empty place";
    throw new RegistryError("CONFLICT", message);
  }
  if ((found.scope ?? []).join() !== scope.join()) {
    const holds = found.scope?.join(", ") ?? "the whole registry";
    throw new RegistryError("CONFLICT", `this place holds ${holds}; choose an empty place`);
  }
  return found;
}

/** All backups in a target, oldest first. */
export async function readChains(objects: ObjectStore): Promise<Chain[]> {
  const chains: Chain[] = [];
  for await (const { key } of objects.list("snapshots/")) {
    const id = /^snapshots\/([0-9a-f-]+)\.json$/.exec(key)?.[1];
    if (id) chains.push(await readChain(objects, id));
  }
  return chains;
}

/** Snapshot `id` with its segments. */
async function readChain(objects: ObjectStore, id: string): Promise<Chain> {
  const links: Kept[] = [];
  const problems: string[] = [];
  const numbers = [0];
  for await (const { key } of objects.list(`segments/${id}/`)) {
    const n = /\/(\d{8})\.json$/.exec(key)?.[1];
    if (n) numbers.push(Number(n));
  }
  for (const n of numbers) {
    try {
      if (n !== links.length) {
        throw damaged(manifestKey(id, links.length), "it is missing, and later ones are there");
      }
      links.push(await readLink(objects, id, n, links.at(-1) ?? null));
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "INTEGRITY") throw error;
      problems.push(error.message);
      break;
    }
  }
  return { id, links, problems };
}

async function readLink(
  objects: ObjectStore,
  id: string,
  n: number,
  before: Kept | null,
): Promise<Kept> {
  const key = manifestKey(id, n);
  const found = await readChecked<BackupManifest>(objects, key);
  if (!found) throw damaged(key, "it is missing");
  const manifest = found.value;
  if (manifest.snapshot !== id || manifest.n !== n) {
    throw damaged(key, `it says that it is number ${manifest.n} of ${manifest.snapshot}`);
  }
  const isNext =
    before === null
      ? manifest.previous === null
      : manifest.previous === before.sha256 && manifest.from === before.manifest.to;
  if (!isNext) throw damaged(key, "it does not go on from the one before");
  return { manifest, sha256: found.sha256 };
}

/** Number `n` of snapshot `id` alone, as it is there; null if it is not. */
export async function readKept(objects: ObjectStore, id: string, n: number): Promise<Kept | null> {
  const found = await readChecked<BackupManifest>(objects, manifestKey(id, n));
  return found && { manifest: found.value, sha256: found.sha256 };
}

/** Whether a manifest file is in the target as it was written. */
export async function isKept(objects: ObjectStore, { manifest, sha256: sum }: Kept) {
  try {
    const stored = await objects.get(manifestKey(manifest.snapshot, manifest.n));
    return stored !== null && sha256(await gathered(stored)) === sum;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "INTEGRITY") return false;
    throw error;
  }
}

/** The newest whole backup of a timeline, or null. */
export async function readTip(objects: ObjectStore): Promise<Kept | null> {
  const ids: string[] = [];
  for await (const { key } of objects.list("snapshots/")) {
    const id = /^snapshots\/([0-9a-f-]+)\.json$/.exec(key)?.[1];
    if (id) ids.push(id);
  }
  const newest = ids.at(-1);
  if (newest === undefined) return null;
  const { links, problems } = await readChain(objects, newest);
  // A chain that is broken is not gone on with: the next run begins a new one.
  return problems.length > 0 ? null : (links.at(-1) ?? null);
}

/**
 * Writes a manifest file, the last step of a backup. Throws CONFLICT if somebody else has written
 * this one meanwhile.
 */
export async function putManifest(objects: ObjectStore, manifest: BackupManifest): Promise<Kept> {
  const bytes = printChecked(manifest);
  const key = manifestKey(manifest.snapshot, manifest.n);
  if (await objects.putIfAbsent(key, bytes)) return { manifest, sha256: sha256(bytes) };
  throw new RegistryError("CONFLICT", `another process has written ${key} meanwhile; run again`);
}

async function readChecked<T extends { format: number }>(
  objects: ObjectStore,
  key: string,
): Promise<{ value: T; sha256: string } | null> {
  const stored = await objects.get(key);
  if (!stored) return null;
  const bytes = await gathered(stored);
  return { value: parseChecked<T>(key, bytes), sha256: sha256(bytes) };
}
