import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { pushImage, shellOf } from "./at-shell.ts";

const READER = { username: "reader", password: "Only4ThisTest" };
// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };
const SOON = { timeout: 60_000, interval: 100 };

/** Which of two blobs is refused first, and how long it is behind, differs from run to run. */
const steady = "| sed -E 's/ +[0-9.]+ s / 0.1 s /; s/sha256(:|%3A)[0-9a-f]+/DIGEST/g'";

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer({ workers: 0 })]);
  const actor = { name: "test", cause: "test" };
  await there.access.createAccount(actor, READER);
  await there.access.setMember(actor, "library", READER.username, 3 as never);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

test("a failure: where it is seen, why it is, what to do", SLOW, async () => {
  await using session = await shellOf({ here, there }, here, { HOOK: "http://127.0.0.1:9" });
  const { note, run, compare, quietly } = session;
  await pushImage(here, "library/web", ["1.0"]);
  note("An account that may read there, and no more.");
  await run(
    `READER=${READER.password} entrepot registry add other "$THERE" -u reader --secret-env READER`,
  );
  await run("entrepot replication policy create mirror --to other --repositories library/web");
  await run("entrepot replication policy run mirror");
  await vi.waitFor(async () => {
    const { out } = await quietly("entrepot replication execution show 1 -o json");
    expect(JSON.parse(out)).toMatchObject({ status: "Failed" });
  }, SOON);
  note("What is behind, and why.");
  await run(`entrepot replication lag ${steady}`);
  await run(`entrepot replication lag mirror --verbose ${steady}`);
  await run("entrepot replication execution show 1 | grep -v -e START -e END -e TOOK");
  await run("entrepot replication task list 1 | cut -c-50");
  await run(`entrepot replication task show 1 2 ${steady} | grep -v -e START -e END -e TOOK`);
  await run("entrepot replication task show 1 4711");
  note("With an account that may push, it arrives without being asked for.");
  await run("entrepot registry update other -u admin --secret-env THERE_PASSWORD");
  await run("entrepot replication wait library/web:1.0 --policy mirror --timeout 60s | cut -c-40");
  await run("entrepot replication lag mirror");
  note("A webhook for the next time.");
  await run(
    "TOKEN='Bearer abc' entrepot webhook create alarm --system --url \"$HOOK/alarm\" \\\n" +
      "    --events REPLICATION --outcome failed --auth-header-env TOKEN",
  );
  await run("entrepot webhook show alarm --system");
  await run(
    "entrepot webhook update alarm --system --name pager --no-enabled --format CloudEvents",
  );
  await run("entrepot webhook show pager --system");
  await run("entrepot webhook update pager --system --no-auth-header --enabled --output json");
  await run("entrepot webhook update alarm --system --enabled");
  await compare("cli-failures");
});

test("promotion: within the registry, and to another", SLOW, async () => {
  await using session = await shellOf({ here, there }, here);
  const { note, run, compare, quietly } = session;
  await quietly('entrepot registry add production "$THERE" -u admin --secret-env THERE_PASSWORD');
  await pushImage(here, "library/shop", ["1.0"]);
  note("From project to project: names move, bytes do not.");
  await run("entrepot project create staging");
  await run("entrepot artifact promote library/shop:1.0 staging/shop:1.0 --tag latest");
  await run("entrepot tag list staging/shop --output name");
  await run("entrepot artifact promote library/shop:2.0 staging/shop");
  await run("entrepot artifact promote library/shop:1.0 nowhere/shop");
  note("To another registry, waiting for it.");
  await run(
    "entrepot artifact promote staging/shop:1.0 shop/web --registry production --wait \\\n" +
      "    2>/dev/null | cut -c11-",
  );
  await run("entrepot artifact promote staging/shop:1.0 shop/web --registry elsewhere");
  await compare("cli-promotion");
});
