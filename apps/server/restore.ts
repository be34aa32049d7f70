import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { RegistryError } from "@entrepot/oci";
import {
  type BackupRestorePlan,
  checkKey,
  counted,
  decryptedWith,
  planBackupRestore,
  readKeyFile,
  restoreBackup,
  type Restored,
  type RestorePoint,
  unencrypted,
  unfinishedRestore,
} from "@entrepot/recovery";
import type { Config } from "./config.ts";
import { goBackOffline, type WentBack } from "./go-back.ts";
import {
  agreed,
  configOf,
  OFFLINE_OPTIONS,
  pointOf,
  UsageError,
  withoutServer,
  wordsOf,
} from "./offline.ts";
import { checkSource, openSource } from "./restore-source.ts";

/** What `entrepot restore --help` prints. */
export const RESTORE_HELP = `Usage: entrepot restore --from <address> [flags]

Restores a registry from a backup onto an empty data folder (and database, and storage): shows the
plan, asks, fetches blobs, then all names in one transaction. Cut off, it may be run again. Then
start it with 'entrepot serve'; replication and backups stay off until 'entrepot backup confirm'.

  --from <address>           where the backup is: file:/folder, s3:bucket/prefix or
                             registry:https://host/project/repository. With
                             --project or --repository it goes into a registry
                             that runs: see 'entrepot restore --help'
  --username <name>          of an account at that registry, or ENTREPOT_RESTORE_USERNAME;
                             its password is ENTREPOT_RESTORE_PASSWORD, or
  --password-stdin           comes by standard input (then with --yes)
  --ca-file <file>           certificates to trust there (PEM)
  --key <file>               the key file of an encrypted backup (age); the passphrase
                             of one that 'age -p' has locked is
                             ENTREPOT_RESTORE_KEY_PASSPHRASE
  --at <time>                names as they were at this moment, as 2026-01-31T14:03:00Z
  --seq <n>                  names as they were at this seq of the journal
  --secret-key-file <file>   the old registry's secret.key; without it, secrets are cleared
  --new-id                   make it another registry, beside the one that was backed up
  --dry-run                  check the backup and show the plan; change nothing
  --yes                      do not ask

Flags and variables that say where things are, --data, --storage and --database-url, are as for
'entrepot serve'.
`;

const OPTIONS = {
  ...OFFLINE_OPTIONS,
  from: { type: "string" },
  username: { type: "string" },
  "password-stdin": { type: "boolean" },
  "ca-file": { type: "string" },
  key: { type: "string" },
  "new-id": { type: "boolean" },
} as const;

/**
 * The command `restore`. Throws UsageError for words that are off, and what planning and restoring
 * throw; nothing is changed before the plan is agreed to.
 */
export async function restore(
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<void> {
  const { given, point, config } = readFlags(flags, env);
  const passphrase = env["ENTREPOT_RESTORE_KEY_PASSPHRASE"];
  const open = given.key
    ? decryptedWith(await readKeyFile(await readFile(given.key), passphrase))
    : unencrypted;
  const keys = config.storage.keys ?? undefined;
  const objects = await openSource(given.from, { login: given.login, env, keys });
  try {
    const plan = await planBackupRestore(objects, { ...point, exact: true });
    const keepSecrets = given.secretKeyFile !== undefined || config.secretKey !== null;
    showPlan(plan, config, keepSecrets, say);
    const isLater = isAfter(plan, point);
    if (isLater) say(`  then      names go back to ${nameOf(point)}, by the journal`);
    if (plan.problemCount > 0) throw broken(plan);
    if (plan.encrypted && !given.key) throw new UsageError("this backup is encrypted: give --key");
    await checkKey(objects, plan, open);
    if (given.dryRun) return;
    if (!given.yes && !(await agreed("Restore this"))) {
      throw new RegistryError("CANCELLED", "not confirmed; nothing was changed");
    }
    const newId = given.newId ? randomUUID() : undefined;
    const run = { objects, plan, open, keepSecrets, newId, backTo: isLater ? point : undefined };
    const back = await withoutServer(
      config,
      given.secretKeyFile,
      async (db, store, databaseUrl) => {
        const isLoaded = await goesOn(db, plan, point);
        const loaded = isLoaded ? null : await restoreBackup({ ...run, db, store });
        const went = isLater ? await goBackOffline(config, { store, databaseUrl }, point) : null;
        return { loaded, went };
      },
    );
    if (back.loaded) showResult(back.loaded, say);
    else say("Names were loaded before this was cut off.");
    if (back.went) say(wentText(back.went));
  } finally {
    await objects.close();
  }
}

/**
 * Whether the names of `plan` are loaded already and have still to go back to `point`. Throws
 * PRECONDITION where another restore was cut off here.
 */
async function goesOn(
  db: Parameters<typeof unfinishedRestore>[0],
  { registry, seq: loaded }: BackupRestorePlan,
  { at, seq }: RestorePoint,
): Promise<boolean> {
  const before = await unfinishedRestore(db);
  if (!before) return false;
  const isSame =
    before.registry === registry &&
    before.loaded === loaded &&
    before.at === at?.toISOString() &&
    before.seq === seq;
  if (isSame) return true;
  const flag = before.at === undefined ? `--seq ${before.seq}` : `--at ${before.at}`;
  throw new RegistryError(
    "PRECONDITION",
    `a restore with ${flag} was cut off here, of seq ${before.loaded} of registry ` +
      `${before.registry}; run that again, or restore into an empty data folder and database`,
  );
}

function readFlags(flags: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const values = wordsOf(
    () => parseArgs({ args: [...flags], options: OPTIONS, strict: true }).values,
  );
  if (!values.from) throw new UsageError("say where the backup is: --from <address>");
  checkSource(values.from);
  return {
    point: pointOf(values),
    config: configOf(values, env),
    given: {
      from: values.from,
      login: {
        username: values.username,
        passwordStdin: values["password-stdin"] === true,
        caFile: values["ca-file"],
      },
      key: values.key,
      secretKeyFile: values["secret-key-file"],
      newId: values["new-id"] === true,
      dryRun: values["dry-run"] === true,
      yes: values.yes === true,
    },
  };
}

function showPlan(
  plan: BackupRestorePlan,
  config: Config,
  keepSecrets: boolean,
  say: (line: string) => void,
): void {
  say(`Restores registry ${plan.registry} as it was at ${plan.at} (journal seq ${plan.seq})`);
  const segments = counted(plan.links.length - 1, "segment");
  say(`  from      snapshot ${plan.snapshot} and ${segments} after it`);
  const blobs = counted(plan.blobCount, "blob");
  say(`  brings    ${blobs}, ${plan.blobBytes} bytes; names in ${plan.namesBytes}`);
  say(`  into      ${config.dataDir}`);
  say(`  timeline  ${plan.timeline} ends there; a new one begins`);
  if (plan.absentCount > 0) {
    const lost = counted(plan.absentCount, "blob");
    say(`  lacking   ${lost} that the registry had lost before it was backed up`);
  }
  if (!keepSecrets) {
    say("  secrets   are cleared (passwords of endpoints, of webhooks): no --secret-key-file");
  }
  for (const problem of plan.problems.slice(0, 20)) say(`  problem   ${problem}`);
}

/** Tells what came back. */
export function showResult(result: Restored, say: (line: string) => void): void {
  const { blobs, bytes, manifests, tags, timeline } = result;
  const found = [counted(tags, "tag"), counted(manifests, "manifest"), counted(blobs, "blob")];
  say(`Restored ${found.join(", ")} (${bytes} bytes).`);
  say(`Timeline ${timeline} begins. Start it with 'entrepot serve'.`);
  const off = [...result.policies, ...result.targets];
  if (off.length > 0) {
    say(`Off until 'entrepot backup confirm': ${off.join(", ")}.`);
  }
  if (result.clearedSecrets.length > 0) say(`Cleared: ${result.clearedSecrets.join(", ")}.`);
}

function isAfter(plan: BackupRestorePlan, { at, seq }: RestorePoint): boolean {
  return at ? Date.parse(plan.at) > at.getTime() : seq !== undefined && plan.seq > seq;
}

function nameOf({ at, seq }: RestorePoint): string {
  return at?.toISOString() ?? `journal seq ${seq}`;
}

function wentText({ seq, names, left }: WentBack): string {
  const text = `Names are as they were at journal seq ${seq}: ${names} went back.`;
  return left === 0 ? text : `${text} ${left} could not; 'entrepot restore --all' tells which.`;
}

function broken(plan: BackupRestorePlan): RegistryError {
  return new RegistryError(
    "INTEGRITY",
    `missing or damaged in the backup: ${counted(plan.problemCount, "piece")}; ` +
      "nothing was changed. --at or --seq choose an earlier moment",
  );
}
