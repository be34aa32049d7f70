import { randomBytes } from "node:crypto";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, createEndpoint, pushPolicy, runPolicy } from "../interop/entrepot-api.ts";
import { type FaultProxy, faultProxy } from "../interop/fault-proxy.ts";
import { makeImage } from "../interop/images.ts";
import { pushOnce } from "../interop/push-client.ts";
import { waitUntil } from "../interop/wait-until.ts";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/*
 * Replication where somebody has to decide: two masters disagree, a run would delete too much, a
 * line is too slow, a target is full. Between two real registries, by pages alone.
 */

const ACTOR = { name: "ci", cause: "a push" };
const PATIENCE = { timeout: 30_000 };
/** As it is called at the source, by hand only. */
const BY_HAND = { trigger: { type: "manual" }, dest_namespace_replace_count: -1 };
const title = hasBrowser ? "trouble" : "trouble (skipped: chromium is not installed)";

describe.skipIf(!hasBrowser)(title, () => {
  let here: TestServer;
  let there: TestServer;
  let line: FaultProxy;
  let tokyo: number;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;

  beforeAll(async () => {
    [here, there, browser] = await Promise.all([testServer(), testServer(), openBrowser()]);
    line = await faultProxy(there.url);
    tokyo = await createEndpoint(here, "tokyo", "harbor", {
      url: line.url,
      credential: there.credential,
    });
    visitor = await browser.visitor({ refusals: [502] });
    await signIn(visitor, here.url, here.credential);
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
    await Promise.all([here?.close(), there?.close()]);
  });

  const page = () => visitor.page;
  const button = (name: string | RegExp) => page().getByRole("button", { name }).first();
  const answer = (name: string) => page().getByRole("dialog").getByRole("button", { name });
  const go = (path: string) => page().goto(new URL(path, here.url).href);
  const seen = (text: string | RegExp) => page().getByText(text).first().waitFor(PATIENCE);
  const at = (server: TestServer, name: string) => server.content.as(ACTOR).repository(name);
  const digestAt = async (server: TestServer, name: string, tag: string) =>
    (await at(server, name).resolve(tag))?.digest ?? null;
  const named = (value: string) => ({ filters: [{ type: "name", value }] });
  /** Runs a policy from its page, and returns where its run is shown. */
  const runNow = async (policy: number) => {
    await go(`/replication/policies/${policy}`);
    await button(/^Run now/).click();
    await page().waitForURL(/\/replication\/executions\/\d+$/, PATIENCE);
    return page().url();
  };

  test("two masters disagree: both sides are listed, and it is turned round", async () => {
    const name = "library/both";
    const [ours, theirs] = [makeImage(), makeImage()];
    await pushOnce(here, name, ours, "v1");
    await pushOnce(there, name, theirs, "v1");
    const back = await createEndpoint(there, "berlin", "harbor", here);
    await pushPolicy(there, "to berlin", back, named(name));
    await pushPolicy(here, "to tokyo", tokyo, named(name));
    const ended = () => digestAt(here, name, "v1");
    await waitUntil("the later change is here", ended, theirs.content.digest);

    await go("/replication/conflicts");
    const row = page()
      .getByRole("row")
      .filter({ hasText: `${name}:v1` });
    await row.getByText("by tokyo").waitFor();
    await row.getByText("Here").waitFor();
    await row.getByRole("button", { name: "Take the other" }).click();
    const shortened = ours.content.digest.slice(0, "sha256:".length + 12);
    await page().getByRole("dialog").getByText(shortened).waitFor();
    await answer("Take the other").click();
    await seen("v1 is as the other side had it.");
    await seen("No conflicts");
    for (const server of [here, there]) {
      const now = () => digestAt(server, name, "v1");
      await waitUntil("what lost has won on both sides", now, ours.content.digest);
    }
  });

  test("more deletions than a policy allows wait until somebody agrees", async () => {
    const name = "library/many";
    await pushSample(at(here, name), makeImage(), ["a", "b", "c"]);
    const ceiling = { ...BY_HAND, ...named(name), max_deletions: 1 };
    const policy = await pushPolicy(here, "with a ceiling", tokyo, ceiling);
    await runPolicy(here, policy);
    const tags = async () => {
      const found = await Promise.all(["a", "b", "c"].map((tag) => digestAt(there, name, tag)));
      return found.filter((digest) => digest !== null).length;
    };
    await waitUntil("all are there", tags, 3);
    for (const tag of ["a", "b"]) await at(here, name).delete(tag);

    const run = await runNow(policy);
    await seen("2 deletions wait for somebody to agree");
    await button("Look and agree…").click();
    await page().getByRole("dialog").getByText(`${name}:b`).waitFor();
    await answer("Cancel").click();
    await page().getByRole("dialog").waitFor({ state: "detached" });
    expect(await tags()).toBe(3);
    await button("Look and agree…").click();
    await answer("Delete 2 names").click();
    await page().waitForURL((now) => now.href !== run, PATIENCE);
    // Not by the page's word alone, which counts what is done while it is done.
    await waitUntil("what was agreed to is gone", tags, 1);
    await seen("Done");
  });

  test("a run is watched line by line, stopped, and its tasks are retried", async () => {
    const name = "library/big";
    const image = makeImage({ files: { big: randomBytes(4_000_000) } });
    await pushSample(at(here, name), image, ["v1"]);
    const policy = await pushPolicy(here, "big ones", tokyo, { ...BY_HAND, ...named(name) });
    line.plan(() => ({ sentBytesPerSecond: 100_000 }));
    await runNow(policy);
    const task = page()
      .getByRole("row")
      .filter({ hasText: `Copy ${name}:v1` });
    await task.getByRole("button", { name: "Log and details" }).click(PATIENCE);
    const log = page().getByRole("log");
    await log.getByText(`${name}:v1`).first().waitFor(PATIENCE);
    await page().getByText("Live", { exact: true }).waitFor();
    await page().keyboard.press("Escape");
    await log.waitFor({ state: "detached" });
    await button("Stop").click();
    await answer("Stop").click();
    await task.getByText("Stopped", { exact: true }).waitFor(PATIENCE);
    expect(await digestAt(there, name, "v1")).toBeNull();

    line.plan(() => ({}));
    await button("Retry 1 failed task").click();
    await task.getByText("Done").waitFor(PATIENCE);
    expect(await digestAt(there, name, "v1")).toBe(image.content.digest);
  });

  test("what failed tells why and what to do, and is retried when that is done", async () => {
    const name = "library/heavy";
    await pushSample(at(here, name), makeImage(), ["v1"]);
    const small = { project_name: "small", metadata: { public: "false" }, storage_limit: 100 };
    await api(there, "POST", "/projects", small);
    const into = { ...BY_HAND, ...named(name), dest_namespace: "small" };
    await runNow(await pushPolicy(here, "into the small one", tokyo, into));
    const task = page().getByRole("row").filter({ hasText: name });
    await task.getByText("Failed").waitFor(PATIENCE);
    await task.getByRole("button", { name: "Log and details" }).click();
    await seen("The target's quota is used up");
    await seen(/Raise the target's quota or free space there/);
    await page().keyboard.press("Escape");
    const quotas = (await api(there, "GET", "/quotas?page_size=100")).json;
    const quota = quotas.find(({ ref }: { ref: { name: string } }) => ref.name === "small");
    await api(there, "PUT", `/quotas/${quota.id}`, { hard: { storage: -1 } });
    await button("Retry 1 failed task").click();
    await task.getByText("Done").waitFor(PATIENCE);
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
