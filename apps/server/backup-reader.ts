import { RegistryError } from "@entrepot/oci";
import {
  type Backups,
  type OpenBackup,
  readTargetFile,
  type openDrills,
  unencrypted,
} from "@entrepot/recovery";
import type { ObjectStore } from "@entrepot/storage";

interface Options {
  readonly targets: Backups["targets"];
  /** Throws for an address that may not be used. */
  readonly open: (address: string) => Promise<ObjectStore>;
  /** What opens encrypted backups; null: nothing here does. */
  readonly key: Parameters<typeof openDrills>[0]["key"];
}

/** Opens backups that names are put back from: of a target, by its name or id, or at an address. */
export function backupReader({ targets, open, key }: Options): OpenBackup {
  return async (from) => {
    const known = await targets.list();
    const target =
      known.find(({ name }) => name === from) ?? known.find(({ id }) => String(id) === from);
    if (!target && !/^(?:file|s3|registry):/.test(from)) {
      throw new RegistryError("NOT_FOUND", `there is no backup target '${from}'`);
    }
    const objects = await open(target?.address ?? from);
    try {
      const { recipients } = await readTargetFile(objects);
      const opens = recipients.length > 0 ? key : unencrypted;
      if (opens) return { objects, open: opens, close: () => objects.close() };
      throw new RegistryError(
        "PRECONDITION",
        `the backup '${from}' is encrypted, and nothing here opens it; name the key's file in ` +
          "ENTREPOT_DRILL_KEY_FILE",
      );
    } catch (error) {
      await objects.close();
      throw error;
    }
  };
}
