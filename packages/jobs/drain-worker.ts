import { setTimeout as sleep } from "node:timers/promises";
import { openCatalog } from "@entrepot/catalog";
import { interruptionOf, openJobs } from "./index.ts";

/** Run by drain.test.ts as a process of its own: ends on SIGTERM, and says how its tasks do. */
const catalog = await openCatalog({ url: process.argv[2] ?? "" });
const jobs = await openJobs({ catalog });
const once = { maxAttempts: 1, retryDelayMs: () => null };
const say = (word: string) => process.stdout.write(`${word}\n`);
jobs.handle({
  ...once,
  kind: "short",
  run: async () => {
    say("begun");
    await sleep(1_000);
  },
});
jobs.handle({
  ...once,
  kind: "chunks",
  run: async ({ draining }) => {
    say("begun");
    for (;;) {
      await sleep(50);
      if (!draining.aborted) continue;
      say(`boundary: ${interruptionOf(draining)}`);
      throw draining.reason;
    }
  },
});
jobs.handle({
  ...once,
  kind: "long",
  run: async ({ signal }) => {
    say("begun");
    await sleep(60_000, undefined, { signal }).catch(() => {});
    say(`aborted: ${interruptionOf(signal)}`);
    throw signal.reason;
  },
});
process.on("SIGTERM", async () => {
  await jobs.stop(3_000);
  await catalog.close();
});
await jobs.start({ workers: 3 });
