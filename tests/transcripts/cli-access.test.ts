import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, test } from "vitest";
import { shellOf } from "./at-shell.ts";

let here: TestServer;
beforeAll(async () => {
  here = await testServer({ workers: 0 });
  const account = { username: "ann", password: "correct horse" };
  await here.access.createAccount({ name: "test", cause: "test" }, account);
});
afterAll(() => here?.close());

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };

/** Somebody signs in with a browser. */
async function signIn(username: string): Promise<void> {
  const identity = await here.access.login(username, "correct horse", "192.0.2.7");
  await here.access.beginSession(identity, { address: "192.0.2.7", userAgent: "Firefox" });
}

test("personal access tokens and sessions", SLOW, async () => {
  await using session = await shellOf({ here, there: here }, here);
  const { note, run, quietly, compare } = session;
  note("A token takes the password's place; its secret is told once, on standard output.");
  await run("entrepot token create laptop --days 30 > laptop.token");
  await run("wc -c < laptop.token");
  await run("entrepot token create laptop");
  await run("entrepot token create ci --read-only --days never --output name");
  await run("entrepot token create ci/cd");
  await run("entrepot token create old --days none");
  await run("entrepot token list");
  note("Whoever signed in with a token has no more from it than the token.");
  await quietly(`cp -r .config kept`);
  await run(`entrepot login ${here.url} -u admin --password-stdin < laptop.token`);
  await run("entrepot token create another");
  await run("entrepot project list --output name");
  await run("entrepot token delete laptop");
  await run("entrepot token delete laptop --yes");
  await run("entrepot whoami");
  await quietly(`rm -r .config && mv kept .config`);
  await run("entrepot token delete laptop --yes");
  note("Who is signed in to the portal, and an end to it.");
  await signIn("ann");
  await signIn("ann");
  await run("entrepot session list");
  await run("entrepot session list --user ann");
  await run("entrepot session revoke");
  await run("entrepot session revoke 1");
  await run("entrepot session revoke 1 --yes");
  await run("entrepot session revoke 1 --yes");
  await run("entrepot session list --user ann");
  await run("entrepot session revoke --all --yes");
  await compare("cli-access");
});
