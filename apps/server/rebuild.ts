import { access } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RegistryError } from "@entrepot/oci";
import {
  type BackupRestorePlan,
  checkStored,
  counted,
  findManifests,
  type FoundManifests,
  planBackupRestore,
  restoreBackup,
  type Stored,
  unencrypted,
} from "@entrepot/recovery";
import { openObjectsBeside, openStorage } from "@entrepot/storage";
import type { Config } from "./config.ts";
import { NAMES_FOLDER } from "./names-archive.ts";
import { agreed, configOf, OFFLINE_OPTIONS, pointOf, withoutServer, wordsOf } from "./offline.ts";
import { showResult } from "./restore.ts";

/** What `entrepot rebuild --help` prints. */
export const REBUILD_HELP = `Usage: entrepot rebuild [flags]

The database is lost, and the storage is left: brings back names, projects, policies, members and
settings from what the server has written into the storage (its folder names/), shows what that is,
asks, and then looks for every blob. Nothing in the storage is changed. Then start it with
'entrepot serve'; replication and backups stay off until 'entrepot backup confirm'.

  --secret-key-file <file>   the registry's secret.key, if it is not in the data folder any more;
                             without one, secrets are cleared
  --at <time>                the newest state that is not after this, as 2026-01-31T14:03:00Z
  --seq <n>                  the newest state that is not after this journal seq
  --from-blobs               where there is nothing of that in the storage: lists the manifests
                             among the blobs, for you to look at. Names are in no blob, so that
                             none can be brought back; nothing is changed
  --dry-run                  show the plan; change nothing
  --yes                      do not ask

Flags and variables that say where things are, --data, --storage and --database-url, are as for
'entrepot serve'. The database has to be empty.
`;

const OPTIONS = { ...OFFLINE_OPTIONS, "from-blobs": { type: "boolean" } } as const;

const SHOWN = 100;

type Say = (line: string) => void;

/**
 * The command `rebuild`. Throws UsageError for words that are off, NOT_FOUND where the storage
 * holds no names, INTEGRITY if blobs are missing afterwards, and what planning and restoring throw.
 */
export async function rebuild(
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
): Promise<void> {
  const { given, at, seq, config } = readFlags(flags, env);
  if (given["from-blobs"]) return await listManifests(config, say);
  const keys = config.storage.keys ?? undefined;
  const objects = await openObjectsBeside(config.storage.url, NAMES_FOLDER, { keys });
  try {
    // The newest that is whole: what is broken after it is told, and no reason to stop.
    const point = { at, seq: seq ?? Number.MAX_SAFE_INTEGER };
    const plan = await planBackupRestore(objects, point).catch(withoutNames);
    const keepSecrets =
      given["secret-key-file"] !== undefined ||
      config.secretKey !== null ||
      (await isThere(join(config.dataDir, "secret.key")));
    showPlan(plan, config, keepSecrets, say);
    if (plan.problemCount > 0) throw broken(plan);
    if (given["dry-run"]) return;
    if (!given.yes && !(await agreed("Rebuild this"))) {
      throw new RegistryError("CANCELLED", "not confirmed; nothing was changed");
    }
    const run = { objects, plan, open: unencrypted, keepSecrets };
    const done = await withoutServer(config, given["secret-key-file"], async (db, store) => {
      const back = await restoreBackup({ ...run, db, store });
      const stored = await checkStored(db, store);
      return { ...back, stored, unnamed: await findManifests(store, { db }) };
    });
    showResult({ ...done, blobs: done.stored.blobs, bytes: done.stored.bytes }, say);
    showUnnamed(done.unnamed, say);
    showMissing(done.stored, say);
  } finally {
    await objects.close();
  }
}

async function listManifests(config: Config, say: Say): Promise<void> {
  const store = await openStorage(config.storage.url, { keys: config.storage.keys ?? undefined });
  try {
    const { manifests, blobs, more } = await findManifests(store);
    for (const { digest, kind, bytes, missing, hint } of manifests) {
      const lacks = missing.length > 0 ? `lacks ${missing.length} parts` : "whole";
      say([digest, kind, `${bytes} bytes`, lacks, hint].join("\t").trimEnd());
    }
    say(
      `${manifests.length} manifests among ${blobs} blobs${more ? " and more" : ""}. Their ` +
        "names are not known: a blob does not hold them. Nothing was changed.",
    );
  } finally {
    await store.close();
  }
}

function readFlags(flags: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const given = wordsOf(
    () => parseArgs({ args: [...flags], options: OPTIONS, strict: true }).values,
  );
  return { given, ...pointOf(given), config: configOf(given, env) };
}

function showPlan(plan: BackupRestorePlan, config: Config, keepSecrets: boolean, say: Say): void {
  say(`Rebuilds registry ${plan.registry} as it was at ${plan.at} (journal seq ${plan.seq})`);
  say(`  from      snapshot ${plan.snapshot} and ${plan.links.length - 1} segments after it`);
  say(`  into      ${config.databaseUrl === null ? config.dataDir : "the external database"}`);
  say(`  lost      every change of a name after ${plan.at}`);
  say(`  timeline  ${plan.timeline} ends there; a new one begins`);
  if (!keepSecrets) {
    say("  secrets   are cleared (passwords of endpoints, of webhooks): there is no secret.key");
  }
  for (const problem of plan.problems.slice(0, 20)) say(`  problem   ${problem}`);
}

function showUnnamed({ manifests, more }: FoundManifests, say: Say): void {
  if (manifests.length === 0) return;
  say(
    `${manifests.length}${more ? " or more" : ""} manifests in the storage have no name: pushed ` +
      "after the last of what was archived, or deleted and not collected yet. Push again what is " +
      "missing:",
  );
  for (const { digest, kind, hint } of manifests.slice(0, SHOWN)) {
    say(`  ${digest} ${kind} ${hint}`.trimEnd());
  }
}

function showMissing({ missing, missingCount }: Stored, say: Say): void {
  if (missingCount === 0) return say("Every blob is there, as long as it should be.");
  for (const { digest, expected, found, neededBy, needs } of missing.slice(0, SHOWN)) {
    const state = found === null ? "missing" : `${found} bytes, not ${expected}`;
    say(`  ${digest} ${state}; needed by ${neededBy}${needs > 1 ? ` and ${needs - 1} more` : ""}`);
  }
  throw new RegistryError(
    "INTEGRITY",
    `names are back, but ${missingCount} blobs are not in the storage; push their images again`,
  );
}

function withoutNames(error: unknown): never {
  if (!(error instanceof RegistryError) || error.code !== "NOT_FOUND") throw error;
  const message =
    `the storage holds no names that could be brought back (${error.message}); --from-blobs ` +
    "lists the manifests among its blobs";
  throw new RegistryError("NOT_FOUND", message, { cause: error });
}

function broken({ problemCount }: BackupRestorePlan): RegistryError {
  return new RegistryError(
    "INTEGRITY",
    `missing or damaged: ${counted(problemCount, "piece")}; nothing was changed. --seq ` +
      "chooses an earlier state, which may still be whole",
  );
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
