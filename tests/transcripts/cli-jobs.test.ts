import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { pushImage, shellOf } from "./at-shell.ts";

let here: TestServer;
let there: TestServer;
const receiver = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(request.url === "/gone" ? 410 : 200).end());
});
beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  [here, there] = await Promise.all([testServer(), testServer()]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
  receiver.close();
});

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };
const SOON = { timeout: 60_000, interval: 100 };

test("the job service: queues, workers, schedules, stopping, logs", SLOW, async () => {
  await using session = await shellOf({ here, there }, here);
  const { note, run, compare, quietly } = session;
  await quietly('entrepot registry add backup "$THERE" -u admin --secret-env THERE_PASSWORD');
  await quietly("entrepot replication policy create nightly --to backup --tags v1");
  note("Nothing waits, nothing runs, nothing is due.");
  await run("entrepot job queue list");
  await run("entrepot job worker list");
  await run("entrepot job worker list --pools --output json | grep -c worker_pool_id");
  await run("entrepot job schedule list");
  note("A policy with a time is due at that time; nothing is while the scheduler pauses.");
  await run(
    "entrepot replication policy update nightly --trigger scheduled --cron '0 0 2 * * *' \\\n" +
      "    --time-zone Asia/Tokyo",
  );
  await run("entrepot job schedule list");
  await run("entrepot job queue pause SCHEDULER");
  await run("entrepot job schedule list --output name");
  await run("entrepot job queue resume SCHEDULER");
  await run("entrepot job queue pause COFFEE");
  note("What is paused waits, and can be taken out of its queue.");
  await pushImage(here, "library/app", ["v1", "v2"]);
  await run("entrepot job queue pause REPLICATION");
  await run("entrepot replication policy run nightly");
  await run("entrepot job queue list | sed 's/ 0:00:0[0-9]/ 0:00:00/; s/ [0-9]* s/ 0 s/'");
  await run("entrepot job queue clear REPLICATION");
  await run("entrepot job queue clear REPLICATION --yes");
  await run("entrepot replication execution list");
  await run("entrepot job queue resume REPLICATION");
  note("What was stopped runs again; its log is there to follow, by execution and by job.");
  await run("entrepot replication execution retry 1");
  await vi.waitFor(async () => {
    const { out } = await quietly("entrepot replication execution show 1 -o json");
    expect(JSON.parse(out)).toMatchObject({ status: "Succeed" });
  }, SOON);
  await run("entrepot replication execution retry 1");
  await run("entrepot job log 1 --follow");
  await run("entrepot job log 1 --limit 1 --output json");
  await run("entrepot job log 4711");
  await run("entrepot job log v1");
  await run("entrepot job stop 1");
  await run("entrepot job stop 4711");
  await run("entrepot job stop all");
  await run("entrepot job stop all --yes");
  await compare("cli-jobs");
});

test("webhooks: made, tried, told again, deleted", SLOW, async () => {
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  await using session = await shellOf({ here, there }, here, { HOOK: hook });
  const { note, run, compare, quietly } = session;
  note("Whose webhook, told where, and of what.");
  await run('entrepot webhook create ci --url "$HOOK/ci" --events PUSH_ARTIFACT');
  await run('entrepot webhook create ci --project library --url "$HOOK/ci" --events PUSH');
  await run("entrepot webhook create ci --project library --url ci --events PUSH_ARTIFACT");
  await run(
    'SECRET=Only4ThisTest entrepot webhook create ci --project library --url "$HOOK/ci" \\\n' +
      "    --events PUSH_ARTIFACT,DELETE_TAG --format CloudEvents --secret-env SECRET",
  );
  await run("entrepot webhook list");
  await run("entrepot webhook list --project library");
  await run("entrepot webhook list --system");
  note("Trying it, and what it was told.");
  await run("entrepot webhook test ci --project library");
  const settled = (name: string, count: number) =>
    vi.waitFor(async () => {
      const { out } = await quietly(
        `entrepot webhook deliveries ${name} --project library -o json`,
      );
      const found: unknown = JSON.parse(out);
      expect(found).toMatchObject([{ status: "Success", attempts: count }]);
    }, SOON);
  await settled("ci", 1);
  await run("entrepot webhook deliveries ci --project library | cut -c-41");
  await run("entrepot webhook redeliver ci 1 --project library");
  await settled("ci", 2);
  await run("entrepot webhook redeliver ci 4711 --project library");
  note("And away.");
  await run("entrepot webhook delete ci --project library");
  await run("entrepot webhook delete ci --project library --yes");
  await run("entrepot webhook test ci --project library");
  await compare("cli-webhooks");
});
