import { openFileStore } from "./filesystem.ts";
import { sampleBytes } from "./suite-bytes.ts";

// A program for interrupted.test.ts: prints a draft's id, then appends until it is killed.
const store = await openFileStore({ root: process.argv[2]!, earlyShards: false });
const draft = await store.start("library/a");
process.stdout.write(`${draft.id}\n`);

async function* endless() {
  for (let n = 0; ; n++) {
    yield sampleBytes(65_536, n);
    if (n % 16 === 0) process.stdout.write(`${n}\n`);
    await new Promise(setImmediate);
  }
}
await draft.append(endless());
