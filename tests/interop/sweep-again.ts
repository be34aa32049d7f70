import { setTimeout as pause } from "node:timers/promises";
import { openCatalog } from "@entrepot/catalog";
import { SWEEP_BEGIN, sweepRun } from "@entrepot/retention";
import { openFileStore } from "@entrepot/storage";

/**
 * Run by garbage.test.ts as a process of its own: sweeps a server's storage again and again, with
 * graces that no operator may set, until it is killed. Says what each sweep has freed.
 */
const [url = "", root = "", graceMs = "", quarantineMs = ""] = process.argv.slice(2);
const catalog = await openCatalog({ url, maxConnections: 4 });
const store = await openFileStore({ root, earlyShards: false });
const context = {
  catalog,
  store,
  graceMs: Number(graceMs),
  quarantineMs: Number(quarantineMs),
  deleteUntagged: async () => false,
};
for (;;) {
  const run = sweepRun(context, { dryRun: false, deleteUntagged: false, workers: 4 });
  let state = SWEEP_BEGIN;
  while (state.stage !== "done") state = await run.step(state);
  const { freed, quarantined, takenBack, rows } = state.report;
  process.stdout.write(`${JSON.stringify({ freed, quarantined, takenBack, rows })}\n`);
  await pause(20);
}
