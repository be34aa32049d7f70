import { type Actor, type Catalog, forgetNote, readNote } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Backups, RESTORED_FROM_BACKUP } from "@entrepot/recovery";
import type { Replication } from "@entrepot/replication";

/** What a restore from a backup has switched off, by name. */
export interface RestoredNote {
  readonly policies: string[];
  readonly targets: string[];
  readonly timeline: number;
  /** Those that came back into a registry that ran; absent: it was all of it. */
  readonly projects?: string[];
}

interface Options {
  readonly catalog: Catalog;
  readonly replication: Replication;
  readonly backups: Backups;
}

/** The note that a restore has left. Throws NOT_FOUND if there is none, or it was confirmed. */
export async function restoredNote({ catalog }: Pick<Options, "catalog">): Promise<RestoredNote> {
  const note = await readNote(catalog.db, RESTORED_FROM_BACKUP);
  if (note) return note as RestoredNote;
  throw new RegistryError("NOT_FOUND", "there is no restore from a backup to confirm");
}

/**
 * Switches on what the restore has switched off, as far as it is still there and off. Cut off it
 * may be called again. Throws NOT_FOUND if there is nothing to confirm.
 */
export async function confirmRestored(options: Options, actor: Actor): Promise<RestoredNote> {
  const { catalog, replication, backups } = options;
  const note = await restoredNote(options);
  for (const policy of await replication.policies.list()) {
    if (policy.enabled || !note.policies.includes(policy.name)) continue;
    await replication.policies.update(policy.id, { ...policy, enabled: true }, actor);
  }
  for (const target of await backups.targets.list()) {
    if (target.enabled || !note.targets.includes(target.name)) continue;
    await backups.targets.update(target.id, { ...target, enabled: true });
  }
  await forgetNote(catalog.db, RESTORED_FROM_BACKUP);
  return note;
}
