import { copyFile, constants, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Database, openDatabase } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { RegistryError } from "@entrepot/oci";
import { type OpenStore, openStorage } from "@entrepot/storage";
import type { Kysely } from "kysely";
import type { Config } from "./config.ts";
import { stoppable } from "./open-server.ts";

/** A call's words are off. */
export class UsageError extends Error {}

/** Asks whether to `act`. Throws UsageError where nobody can be asked. */
export async function agreed(act: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`${act}? Say so with --yes`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await lines.question(`${act}? [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/**
 * Opens database and storage of a server that does not run, for `work`, and closes them after it.
 * The key of `secretKeyFile` is brought into the data folder first. Throws CONFLICT if another one
 * is there.
 */
export async function withoutServer<T extends object>(
  config: Config,
  secretKeyFile: string | undefined,
  work: (db: Kysely<Database>, store: OpenStore, databaseUrl: string) => Promise<T>,
): Promise<T> {
  const done = await stoppable(async (onStop) => {
    await mkdir(config.dataDir, { recursive: true });
    if (secretKeyFile) {
      const file = join(config.dataDir, "secret.key");
      const same = ifSame(file, secretKeyFile);
      await copyFile(secretKeyFile, file, constants.COPYFILE_EXCL).catch(same);
    }
    const keys = config.storage.keys ?? undefined;
    const store = await openStorage(config.storage.url, { keys });
    onStop(() => store.close());
    let url = config.databaseUrl;
    if (url === null) {
      const dataDir = join(config.dataDir, "postgres");
      const database = await startEmbedded({ dataDir, log: () => undefined });
      onStop(() => database.stop());
      url = database.url;
    }
    const db = openDatabase({ url });
    onStop(() => db.destroy());
    return await work(db, store, url);
  });
  await done.stop();
  return done;
}

/** A restore that was cut off has brought the key already. */
function ifSame(there: string, given: string) {
  return async (error: unknown): Promise<void> => {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    const [one, other] = await Promise.all([readFile(there), readFile(given)]);
    if (one.equals(other)) return;
    throw new RegistryError("CONFLICT", `${there} is another key; choose an empty data folder`);
  };
}
