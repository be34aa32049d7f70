import { readFile } from "node:fs/promises";
import { RegistryError } from "@entrepot/oci";
import { readKeyFile } from "@entrepot/recovery";
import type { Config } from "./config.ts";

const KEY = "ENTREPOT_DRILL_KEY_FILE";
const PASSPHRASE = "ENTREPOT_DRILL_KEY_PASSPHRASE_FILE";

/**
 * The text of the key file that opens encrypted backups for drills, null where none is named. One
 * that a passphrase locks is opened by the passphrase in the other file, which nobody else sees.
 * Throws BAD_REQUEST for files that cannot be read, that do not belong together, and for one alone
 * that needs the other; it names the setting.
 */
export async function readDrillKey({
  drillKeyFile: file,
  drillPassphraseFile,
}: Pick<Config, "drillKeyFile" | "drillPassphraseFile">): Promise<string | null> {
  if (file === null) {
    if (drillPassphraseFile === null) return null;
    throw wrong(`${PASSPHRASE} opens the key file of ${KEY}: give that, too, or neither`);
  }
  const bytes = await bytesOf(KEY, file);
  const passphrase =
    drillPassphraseFile === null
      ? undefined
      : (await bytesOf(PASSPHRASE, drillPassphraseFile)).toString("utf8").replace(/\r?\n$/, "");
  if (passphrase === "") throw wrong(`${PASSPHRASE}: ${drillPassphraseFile} is empty`);
  const where = `${PASSPHRASE}, the name of a file that holds it`;
  return await readKeyFile(bytes, passphrase, where).catch((cause: unknown) => {
    if (!(cause instanceof RegistryError)) throw cause;
    throw wrong(`${KEY}: ${file}: ${cause.message}`, cause);
  });
}

async function bytesOf(setting: string, file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: Error) => {
    throw wrong(`${setting}: ${file} cannot be read (${cause.message})`, cause);
  });
}

function wrong(message: string, cause?: unknown): RegistryError {
  return new RegistryError("BAD_REQUEST", message, { cause });
}
