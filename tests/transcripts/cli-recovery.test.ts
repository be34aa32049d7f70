import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, test } from "vitest";
import { pushImage, shellOf } from "./at-shell.ts";

let here: TestServer;
beforeAll(async () => {
  here = await testServer();
});
afterAll(() => here?.close());

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };

test("what happened, and back: history, undo, restore, the bin", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, compare, quietly } = session;
  await quietly("entrepot project create team");
  await pushImage(here, "team/app", ["1.0", "2.0"]);
  const { head } = here.catalog;
  const moment = await head();
  note("A tag is deleted; history says so, and it comes back out of the bin.");
  await run("entrepot tag delete team/app:2.0 --yes");
  await run("entrepot history list team/app:2.0");
  await run("entrepot bin list team --output name");
  await run("entrepot bin restore team/app:2.0");
  await run("entrepot bin restore team/app:2.0 --yes");
  await run("entrepot bin restore team/app:2.0 --yes");
  note("That is undone, as one; and once more there is nothing to do.");
  await run("entrepot undo execution:1 --yes");
  await run("entrepot undo execution:1 --yes");
  await run("entrepot undo no-such-request --yes");
  note("Back to a moment, in place and beside.");
  await run(`entrepot restore team --seq ${moment} --dry-run`);
  await run(`entrepot restore team --seq ${moment} --yes`);
  await run(`entrepot restore team --seq ${moment} --into team-then --yes`);
  await run("entrepot tag list team-then/app --output name | sort");
  note("Words that are not right.");
  await run("entrepot restore team");
  await run("entrepot restore --seq 1");
  await run("entrepot restore team --seq 4711");
  await run(`entrepot restore team/app --seq ${moment} --into other`);
  await run("entrepot bin keep 90");
  await compare("cli-recovery");
});
