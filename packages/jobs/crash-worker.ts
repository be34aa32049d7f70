import { openCatalog } from "@entrepot/catalog";
import { openJobs } from "./index.ts";

/** Run by crash.test.ts as a process of its own: takes a task, says so, and never ends it. */
const catalog = await openCatalog({ url: process.argv[2] ?? "" });
const jobs = await openJobs({ catalog });
jobs.handle({
  kind: "deadly",
  maxAttempts: 1,
  retryDelayMs: () => null,
  run: ({ log }) => {
    log("info", "begun");
    process.stdout.write("begun\n");
    return new Promise(() => {});
  },
});
await jobs.start({ workers: 1 });
