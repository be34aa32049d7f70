import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, test } from "vitest";
import { shellOf } from "./at-shell.ts";

const ACTOR = { name: "client", cause: "push" };
let here: TestServer;
beforeAll(async () => {
  here = await testServer();
});
afterAll(() => here?.close());

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };

/** Pushes images of their own content, the same in every run, one after the other. */
async function push(name: string, tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    const image = sampleImage({ config: sampleBlob(`{"${tag}":1}`) }, [sampleBlob(`of ${tag}`)]);
    await pushSample(here.content.as(ACTOR).repository(name), image, [tag]);
  }
}

test("retention, immutable tags, quotas, storage use", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  await push("library/app", ["v1", "v2", "v3"]);
  note("What is kept is said by rules; there are none yet.");
  await run("entrepot retention list");
  await run("entrepot retention show library");
  await run("entrepot retention run library --dry-run");
  await run("entrepot retention create library");
  await run("entrepot retention create library --pushed none");
  await run("entrepot retention create library --pushed 1 --cron 'every night'");
  await run("entrepot retention create library --pushed 1");
  await run("entrepot retention create library --pushed 2");
  await run("entrepot retention list");
  await run("entrepot retention update library --cron '0 0 3 * * *' --time-zone Europe/Berlin");
  await run("entrepot retention update library --pushed 1 --cron ''");
  note("What it would do, and why; then that, and nothing else.");
  await run("entrepot retention run library --dry-run --all");
  await run("entrepot retention run library");
  await run("entrepot retention run library --yes");
  await run("entrepot retention run library --yes");
  await run("entrepot retention executions library");
  await run("entrepot tag list library/app --output name | sort");
  note("Tags that nobody moves or deletes.");
  await run("entrepot immutable list library");
  await run("entrepot immutable create library --tags 'v*' --except-repositories 'dev/**'");
  await run("entrepot immutable create library --tags 'v*' --except-repositories 'dev/**'");
  await run("entrepot immutable create library --tags 'v*' --except-tags 'w*'");
  await run("entrepot tag delete library/app:v1 --yes");
  await run("entrepot retention run library --yes");
  await run("entrepot immutable disable library 1");
  await run("entrepot immutable list library");
  await run("entrepot immutable enable library 1");
  await run("entrepot immutable delete library 1");
  await run("entrepot immutable delete library 1 --yes");
  await run("entrepot immutable delete library 1 --yes");
  await run("entrepot retention delete library --yes");
  note("How much there may be.");
  await run("entrepot quota list");
  await run("entrepot quota set library plenty");
  await run("entrepot quota set library 0");
  await run("entrepot quota set library 10Ki");
  await run("entrepot tag delete library/app:v1 --yes");
  await run("entrepot artifact list library/app --output name | wc -l");
  await run("entrepot quota show library");
  await run("entrepot quota show library --output json | sed 's/[0-9T:.-]*Z/…/'");
  await run("entrepot quota set library none");
  await run("entrepot quota show nowhere");
  note("What takes up how much.");
  await run("entrepot storage usage");
  await run("entrepot storage usage library");
  await run("entrepot storage usage library --output json");
  await run("entrepot storage usage nowhere");
  await compare("cli-retention");
});

test("garbage collection", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare } = session;
  note("Nothing was collected yet, and nothing will be by itself.");
  await run("entrepot gc status");
  await run("entrepot gc held");
  await run("entrepot gc schedule");
  note("What would be freed, what is held by what; then in earnest.");
  await run("entrepot gc run --dry-run");
  await run("entrepot gc run");
  await run("entrepot gc run --workers 11 --yes");
  await run("entrepot gc run --yes --wait");
  await run("entrepot gc status | sed 's/  *$//'");
  await run("entrepot gc held | sed 's/  *$//'");
  await run("entrepot gc status 4711");
  await run("entrepot gc log 4711");
  await run("entrepot gc stop 4711");
  note("Every week, and not now.");
  await run("entrepot gc schedule weekly");
  await run("entrepot gc schedule sometimes");
  await run("entrepot gc schedule none");
  await run("entrepot gc pause");
  await run("entrepot gc resume");
  await compare("cli-garbage");
});
