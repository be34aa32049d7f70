import { isAbsolute, resolve, sep } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type { KeptAddress } from "@entrepot/recovery";
import { openObjects, type ObjectStore } from "@entrepot/storage";
import type { RegistryPlaces } from "./backup-registries.ts";
import type { Setting } from "./config.ts";

/** Where backups may lie on this machine. */
export const BACKUP_SETTINGS: readonly Setting[] = [
  {
    env: "ENTREPOT_BACKUP_FOLDERS",
    flag: "--backup-folders",
    value: "folders",
    standard: "",
    help: "where backups may be, absolute, joined by colons; none on this machine if absent",
    wrong: (text) =>
      text.split(":").every((folder) => isAbsolute(folder)) ? null : "give /folder[:/folder …]",
  },
];

/** Where backups may be. */
export interface BackupPlaces {
  readonly folders: readonly string[];
  /** Of S3, the storage's; absent: as the AWS SDK finds them. */
  readonly keys?: { readonly accessKey: string; readonly secretKey: string } | undefined;
  /** Repositories of other registries. */
  readonly registries: RegistryPlaces;
}

/** What opens encrypted backups when they are tried. */
export const DRILL_SETTINGS: readonly Setting[] = [
  {
    env: "ENTREPOT_DRILL_KEY_FILE",
    flag: "--drill-key-file",
    value: "file",
    standard: "",
    help: "the key file (age) that opens encrypted backups when they are tried by a drill",
    wrong: () => null,
  },
  {
    env: "ENTREPOT_DRILL_KEY_PASSPHRASE_FILE",
    flag: "--drill-key-passphrase-file",
    value: "file",
    standard: "",
    help: "the file that holds the passphrase of that key file, where it is locked by one",
    wrong: () => null,
  },
];

/** What an address says: of this machine's folders only those in `folders` are taken. */
export function backupPlaces({ folders, keys, registries }: BackupPlaces): {
  /** Throws FORBIDDEN for another folder, BAD_REQUEST for what is no address. */
  check(address: string): Promise<KeptAddress>;
  open(address: string): Promise<ObjectStore>;
} {
  const checkHere = (address: string): void => {
    if (address.startsWith("s3:")) return;
    const folder = /^file:(?:\/\/)?(\/[^/].*)$/.exec(address)?.[1];
    if (folder === undefined) throw new RegistryError("BAD_REQUEST", NO_ADDRESS);
    const inside = folders.some((allowed) => {
      const above = resolve(allowed);
      const path = resolve(folder);
      return path === above || path.startsWith(above.endsWith(sep) ? above : above + sep);
    });
    if (inside) return;
    throw new RegistryError(
      "FORBIDDEN",
      `${folder} is not where backups may be; name its folder in ENTREPOT_BACKUP_FOLDERS`,
    );
  };
  return {
    async check(address) {
      if (address.startsWith("registry:")) return await registries.check(address);
      checkHere(address);
      return { address, endpointId: null };
    },
    async open(address) {
      if (address.startsWith("registry:")) return await registries.open(address);
      checkHere(address);
      return await openObjects(address, { keys });
    },
  };
}

const NO_ADDRESS =
  "give an address as file:/folder, s3:bucket/prefix or registry:endpoint/project/repository";
