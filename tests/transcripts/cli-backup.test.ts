import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, test } from "vitest";
import { pushImage, shellOf } from "./at-shell.ts";
import { type ShellSession, shellSession } from "./shell-session.ts";

let here: TestServer;
let there: TestServer;
let vault: string;
beforeAll(async () => {
  vault = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
  const backupFolders = [vault];
  [here, there] = await Promise.all([testServer({ backupFolders }), testServer({ backupFolders })]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
  if (vault) await rm(vault, { recursive: true });
});

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };
const STEADY = "sed -E 's/[0-9]{14}-[0-9a-f]{8}/<snapshot>/; s/names in [0-9]+/names in <n>/'";

test("backups: where they go, runs, checks, what is refused", SLOW, async () => {
  await using session = await shellOf({ here, there }, here, { VAULT: `file:${vault}` });
  const { note, run, compare, quietly } = session;
  await pushImage(here, "library/app", ["v1"]);
  note("A target is a folder that the server allows, or a bucket.");
  await run("entrepot backup target create vault --to file:/etc");
  await run("entrepot backup target create vault --to /backup");
  await run("entrepot backup target create Vault --to $VAULT/main");
  await run("entrepot backup target create vault --to $VAULT/main --recipient age1nobody");
  await run("entrepot backup target create vault --to $VAULT/main --keep-last 1");
  await run("entrepot backup target create vault --to $VAULT/other");
  await run("entrepot backup target update vault --keep-days 30 --description nightly");
  await run("entrepot backup target show vault --output json | grep -E 'keep|description'");
  await run("entrepot backup list vault");
  note("The first run copies everything, a later one what has changed.");
  await run("entrepot backup run vault --wait");
  await pushImage(here, "library/app", ["v2"]);
  await run("entrepot backup run vault --wait");
  await run("entrepot backup run vault --wait");
  await run("entrepot backup run nowhere --wait");
  await run("entrepot backup list vault --output json | grep -c segments");
  note("A check reads everything; damage is named.");
  await run("entrepot backup verify vault");
  await damageOneBlob(join(vault, "main"));
  await run("entrepot backup verify vault");
  note("Old snapshots go when somebody says so.");
  await run("entrepot backup prune vault");
  note("Two registries do not share a target.");
  await quietly('echo "$THERE_PASSWORD" | entrepot login "$THERE" -u admin --password-stdin');
  await run("entrepot backup target create vault --to $VAULT/main");
  await run("entrepot backup run vault --wait");
  await run("entrepot backup target delete vault");
  await run("entrepot backup target delete vault --yes");
  await run("entrepot backup confirm --yes");
  await compare("cli-backup");
});

/** A blob of the backup in `folder` gets other bytes, as many as it had. */
async function damageOneBlob(folder: string): Promise<void> {
  const files = await readdir(join(folder, "blobs"), { recursive: true, withFileTypes: true });
  const [first] = files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  await writeFile(first!, "#".repeat(31));
}

async function atHome(): Promise<ShellSession> {
  return await shellSession({ env: { VAULT: `file:${vault}` }, stable: { [vault]: "/vault" } });
}

test("a restore: the plan, and what stands in its way", SLOW, async () => {
  const session = await atHome();
  const { note, run, compare } = session;
  try {
    note("A restore needs a backup, an empty place, and somebody who agrees.");
    await run("entrepot restore --from");
    await run("entrepot restore --from $VAULT/none --data new");
    await run("entrepot restore --from vault --data new");
    await run("entrepot restore --from $VAULT/main --data new --at yesterday");
    await run("entrepot restore --from $VAULT/main --data new --at 2020-01-01T00:00:00Z");
    await run(`entrepot restore --from $VAULT/main --data new --dry-run | ${STEADY}`);
    await compare("cli-restore-backup");
  } finally {
    await session.close();
  }
});
