import { copyFile, constants, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Database, openDatabase } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { RegistryError } from "@entrepot/oci";
import { type OpenStore, openStorage } from "@entrepot/storage";
import type { Kysely } from "kysely";
import { type Config, readConfig } from "./config.ts";
import { stoppable } from "./stopping.ts";

/** Flags that every command without a server has, as `parseArgs` takes them. */
export const OFFLINE_OPTIONS = {
  at: { type: "string" },
  seq: { type: "string" },
  "secret-key-file": { type: "string" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
  data: { type: "string" },
  storage: { type: "string" },
  "database-url": { type: "string" },
} as const;

/** A call's words are off. */
export class UsageError extends Error {}

/** What flags of `OFFLINE_OPTIONS` can say. */
type Given = Readonly<Partial<Record<"at" | "seq" | "data" | "storage" | "database-url", string>>>;

/** The moment that is asked for. Throws UsageError for words that are none. */
export function pointOf({ at, seq }: Given): { at: Date | undefined; seq: number | undefined } {
  if (at !== undefined && Number.isNaN(Date.parse(at))) {
    throw new UsageError("give --at as 2026-01-31T14:03:00Z");
  }
  if (seq !== undefined && !/^\d{1,15}$/.test(seq)) {
    throw new UsageError("give --seq as a whole number");
  }
  return {
    at: at === undefined ? undefined : new Date(at),
    seq: seq === undefined ? undefined : Number(seq),
  };
}

/** The server's configuration, as flags and `env` say it. Throws UsageError for what is none. */
export function configOf(given: Given, env: Readonly<Record<string, string | undefined>>): Config {
  const server = (["data", "storage", "database-url"] as const).flatMap((name) =>
    given[name] === undefined ? [] : [`--${name}`, given[name]],
  );
  return wordsOf(() => readConfig(server, env));
}

/** What `read` makes of a call's words. Throws UsageError where it throws. */
export function wordsOf<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

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
