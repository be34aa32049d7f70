import type { Database } from "@entrepot/catalog";
import { childrenOf, type Digest, parseManifest, RegistryError } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql, type Transaction } from "kysely";
import { askedOf } from "../backup/copy-blobs.ts";
import { plain } from "../backup/encryption.ts";
import type { BlobLine } from "../backup/format.ts";
import { readParts } from "../backup/parts.ts";
import { chooseLinks } from "../backup/plan-restore.ts";
import { fetchBlob } from "../backup/restore-backup.ts";
import type { Kept } from "../backup/target-objects.ts";
import { loadEntries } from "./backup-entries.ts";
import { keepManifests, readManifests } from "./backup-manifests.ts";
import { COPIED, noteCopies, noteFromBackup } from "./differences.ts";
import type { BackupToRead, OpenBackup, RestorePlan, RestoreRequest } from "./ports.ts";
import type { Scope } from "./scope.ts";

type Db = Transaction<Database>;
type Store = Pick<BlobStore, "stat">;

const AT_ONCE = 8;

/** A backup at the moment that is asked for. */
export interface BackupMoment extends BackupToRead {
  /** The registry that it is of. */
  readonly registry: string;
  readonly links: readonly Kept[];
  /** The journal's seq in the backup, in whose numbering the moment is. */
  readonly seq: number;
}

/**
 * Opens the backup of a request. Throws BAD_REQUEST for what cannot come out of one, NOT_FOUND for
 * a moment that it does not cover, INTEGRITY if it is damaged.
 */
export async function openMoment(
  openBackup: OpenBackup | undefined,
  { from, at, seq, cause }: RestoreRequest,
  scope: Scope,
): Promise<BackupMoment> {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (!openBackup) throw wrong("backups are not read here");
  if (scope.kind !== "project" && scope.kind !== "repository") {
    throw wrong("name the project or the repository that is to come out of the backup");
  }
  if (cause !== undefined) throw wrong("a cause is undone by the journal, not by a backup");
  if (at !== undefined && seq !== undefined) throw wrong("give a time or a seq, not both");
  const backup = await openBackup(from!);
  try {
    const { target, links, problems } = await chooseLinks(backup.objects, {
      at,
      seq,
      exact: true,
      byHistory: true,
    });
    if (problems[0] !== undefined) {
      const text = `${problems[0]}; --at or --seq choose an earlier moment, which is still whole`;
      throw new RegistryError("INTEGRITY", text);
    }
    const last = links.at(-1)!.manifest.to;
    const moment = Math.min(seq ?? last, last);
    return { ...backup, registry: target.registry, links, seq: moment };
  } catch (error) {
    await backup.close();
    throw error;
  }
}

/** What is asked of a backup. */
export interface AskedOfBackup {
  readonly planId: number;
  readonly scope: Scope;
  readonly kinds: readonly string[];
  readonly head: number;
  readonly request: RestoreRequest;
  /** This registry. */
  readonly registryId: string;
}

/**
 * Notes with plan `planId` what the backup has otherwise than it is now, and brings what deleted
 * manifests were. Returns a store that has the backup's blobs as well, as far as the plan is about
 * them.
 */
export async function noteBackup(
  db: Db,
  backup: BackupMoment,
  store: Store,
  asked: AskedOfBackup,
): Promise<Store> {
  const { planId, scope, kinds, head, request } = asked;
  // Of another registry's accounts, endpoints and rules nothing here is the same.
  const isOurs = backup.registry === asked.registryId;
  const copied = kinds.filter((kind) => isOurs || COPIED.includes(kind));
  const { begins } = await loadEntries(db, backup, scope, request);
  checkHistory(begins, backup, request);
  if (!isOurs) await forgetEndpoints(db);
  await checkThere(db, scope, request);
  const about = { planId, scope, kinds, head };
  if (request.into !== undefined) {
    const { name: from, into } = request;
    await noteCopies(db, about, { from, into, seq: backup.seq }, "backup_entry");
    // What they were is brought from the backup.
    await sql`UPDATE restore_item SET source = NULL
      WHERE plan_id = ${planId} AND kind = 'manifest'`.execute(db);
  } else await noteFromBackup(db, about, copied);
  await readManifests(db, backup, planId);
  const sizes = await findBlobs(db, backup, store, planId);
  // From here on names are locked, and nobody elsewhere is asked.
  await keepManifests(db, planId);
  return { stat: async (digest) => sizes.get(digest) ?? null };
}

/** Throws NOT_FOUND for a moment that the backup's journal does not tell exactly any more. */
function checkHistory(
  begins: { readonly seq: number; readonly at: string } | null,
  { seq }: BackupMoment,
  request: RestoreRequest,
): void {
  const early = request.at === undefined ? seq < (begins?.seq ?? 0) : isBefore(request.at, begins);
  if (!begins || !early) return;
  throw new RegistryError(
    "NOT_FOUND",
    `history in this backup begins at ${begins.at} (seq ${begins.seq}); ask for a later moment`,
  );
}

function isBefore(at: Date, begins: { readonly at: string } | null): boolean {
  return begins !== null && at.getTime() < Date.parse(begins.at);
}

/** A project's endpoint is told by its number, which is another's here. */
async function forgetEndpoints(db: Db): Promise<void> {
  await sql`UPDATE backup_entry SET after = after || '{"registryId": null}'
    WHERE kind = 'project' AND after IS NOT NULL`.execute(db);
}

async function checkThere(db: Db, scope: Scope, { name }: RestoreRequest): Promise<void> {
  const { rows } = await sql<{ after: unknown }>`
    SELECT after FROM backup_entry WHERE kind = ${scope.kind} AND key = ${name}
    ORDER BY seq DESC LIMIT 1`.execute(db);
  if (rows[0]?.after) return;
  const text = `the backup has no ${scope.kind} '${name}' at that moment`;
  throw new RegistryError("NOT_FOUND", text);
}

/**
 * The sizes of the blobs that the plan's manifests need, as far as the store or the backup has
 * them; both are asked here, and no more later.
 */
async function findBlobs(
  db: Db,
  { objects, links }: BackupMoment,
  store: Store,
  planId: number,
): Promise<Map<Digest, number>> {
  const { rows } = await sql<{ digest: Digest }>`
    SELECT DISTINCT ref.digest FROM restore_item item
    JOIN ${REFERENCES} ref ON ref.manifest = split_part(item.key, '@', 2) AND ref.kind = 'blob'
    WHERE item.plan_id = ${planId} AND item.kind = 'manifest' AND item.wanted IS NOT NULL
  `.execute(db);
  const wanted = new Set(rows.map(({ digest }) => digest));
  const found = new Map<Digest, BlobLine>();
  const unsized = new Set<Digest>();
  for (const { manifest } of links) {
    for await (const line of readParts<BlobLine>(objects, manifest.blobs, plain)) {
      if (!wanted.has(line.digest)) continue;
      if (line.size === null) unsized.add(line.digest);
      else found.set(line.digest, line);
    }
  }
  // Of what was deleted before it was backed up only its manifest tells.
  const told = await sizesByManifests(
    db,
    [...unsized].filter((digest) => !found.has(digest)),
  );
  for (const [digest, size] of told) found.set(digest, { digest, size, needed: false });
  // As long as it should be: what is encrypted is longer.
  const isThere = askedOf(objects, true);
  const sizes = new Map<Digest, number>();
  await eachOf([...wanted], AT_ONCE, async (digest) => {
    const line = found.get(digest);
    const size = (await store.stat(digest)) ?? (line && (await isThere(line)) ? line.size : null);
    if (size !== null) sizes.set(digest, size);
  });
  return sizes;
}

/** Of deleted manifests, those included that are still to be kept. */
const REFERENCES = sql`(
  SELECT manifest, digest, kind FROM past_reference
  UNION ALL SELECT manifest, digest, kind FROM staged_reference)`;

async function sizesByManifests(db: Db, digests: readonly Digest[]): Promise<Map<Digest, number>> {
  const { rows } = await sql<{ bytes: Buffer; mediaType: string }>`
    SELECT bytes, media_type AS "mediaType" FROM (
      SELECT digest, bytes, media_type FROM past_manifest
      UNION ALL SELECT digest, bytes, media_type FROM staged_manifest) AS past
    WHERE digest IN (
      SELECT manifest FROM ${REFERENCES} ref WHERE digest = ANY(${[...digests]}::text[]))
  `.execute(db);
  const sizes = new Map<Digest, number>();
  for (const { bytes, mediaType } of rows) {
    const { blobs } = childrenOf(parseManifest(bytes, mediaType));
    for (const { digest, size } of blobs) sizes.set(digest, size);
  }
  return new Map(digests.flatMap((one) => (sizes.has(one) ? [[one, sizes.get(one)!]] : [])));
}

/**
 * Brings what a plan's names need out of its backup into the store: before any name is changed, and
 * what is here already is left alone. Repeating is safe. Throws INTEGRITY for what is damaged
 * there.
 */
export async function bringContent(
  db: { transaction: <T>(work: (db: Db) => Promise<T>) => Promise<T> },
  openBackup: OpenBackup,
  store: Pick<BlobStore, "stat" | "start">,
  { id, request, moment }: RestorePlan,
  options: { readonly signal: AbortSignal; readonly progress: (bytes: number) => void },
): Promise<number> {
  const backup = await openBackup(request.from!);
  try {
    const { links } = await chooseLinks(backup.objects, {
      seq: moment!,
      exact: true,
      byHistory: true,
    });
    const digests = await db.transaction(async (trx) => {
      await readManifests(trx, { ...backup, links }, id);
      await keepManifests(trx, id);
      const { rows } = await sql<{ digest: Digest }>`
        SELECT digest FROM restore_blob WHERE plan_id = ${id} ORDER BY digest`.execute(trx);
      return rows.map(({ digest }) => digest);
    });
    let bytes = 0;
    await eachOf(digests, AT_ONCE, async (digest) => {
      options.signal.throwIfAborted();
      if ((await store.stat(digest)) !== null) return;
      const brought = await fetchBlob({ ...backup, store }, digest);
      bytes += brought;
      options.progress(bytes);
    });
    return bytes;
  } finally {
    await backup.close();
  }
}
