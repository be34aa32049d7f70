import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeImage } from "../interop/images.ts";
import { pushOnce } from "../interop/push-client.ts";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/*
 * Replication from nothing to a copy that has arrived, by the pages alone, between two real
 * registries; then one of them goes away, and the pages say so.
 */

const PATIENCE = { timeout: 30_000 };

let here: TestServer;
let there: TestServer;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let visitor: Visitor;
let isGone = false;

const title = hasBrowser ? "replication" : "replication (skipped: chromium is not installed)";
describe.skipIf(!hasBrowser)(title, () => {
  beforeAll(async () => {
    [here, there] = await Promise.all([testServer(), testServer()]);
    await pushOnce(here, "library/web", makeImage(), "v1");
    browser = await openBrowser();
    visitor = await browser.visitor({ refusals: [502] });
    await signIn(visitor, here.url, here.credential, "/replication/endpoints");
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all([here?.close(), isGone ? null : there?.close()]);
  });

  const page = () => visitor.page;
  const button = (name: string | RegExp) => page().getByRole("button", { name }).first();
  const tab = (name: string) =>
    page().getByRole("navigation", { name: "Policy" }).getByRole("link", { name });
  const go = (path: string) => page().goto(new URL(path, here.url).href);
  const seen = (text: string | RegExp) => page().getByText(text).first().waitFor(PATIENCE);
  /** Opens the choice called `label`, and takes `option`. */
  const choose = async (label: string, option: string) => {
    await page().getByLabel(label, { exact: true }).click();
    await page().locator(".ant-select-item-option").filter({ hasText: option }).first().click();
  };

  test("an endpoint is tried before it is saved, and says why it does not do", async () => {
    await seen("No endpoints yet");
    await button("Add an endpoint").click();
    await page().getByLabel("Name", { exact: true }).fill("tokyo");
    await page().getByLabel("Address").fill("http://127.0.0.1:9");
    await button("Test the connection").click();
    await seen(/127\.0\.0\.1:9/);

    await page().getByLabel("Address").fill(there.url);
    await page().getByLabel("User name").fill(there.credential.username);
    await page().getByLabel("Password or token").fill("not the password");
    await button("Test the connection").click();
    await page().locator(".ant-form-item-explain-error, .ant-alert-error").first().waitFor();

    await page().getByLabel("Password or token").fill(there.credential.password);
    await button("Test the connection").click();
    await seen("It answers, and accepts the login.");
    await button("Save").click();
    await page().getByRole("cell", { name: "tokyo" }).first().waitFor(PATIENCE);
    await seen("Healthy");
  });

  test("a policy shows what it would do while it is written", async () => {
    await go("/replication/policies/new");
    await page().getByLabel("Name", { exact: true }).fill("to tokyo");
    await seen("Choose the other registry, and see here what would be copied now.");
    await choose("To", "tokyo");
    await seen("1 name matches");
    await seen("library/web:v1");

    await button("Add a filter").click();
    await page().getByRole("menuitem", { name: "Tag", exact: true }).click();
    const tag = page().getByRole("textbox", { name: "Tag" });
    await tag.fill("v[");
    await seen(/unfinished/);
    await tag.fill("nightly-*");
    await seen("Nothing matches");
    await tag.fill("v*");
    await seen("1 name matches");

    await page().getByLabel("Under the namespace").fill("Copies");
    await button("Create the policy").click();
    await page().locator(".ant-form-item-explain-error").filter({ hasText: "Copies" }).waitFor();
    await page().getByLabel("Under the namespace").fill("copies");
    await seen("library/web:v1 → copies/web:v1");
    await button("Create the policy").click();
    await page().waitForURL(/\/replication\/policies\/\d+$/, PATIENCE);
    await page().getByRole("heading", { name: "to tokyo" }).waitFor();
  });

  test("what is pushed arrives, and its run and its log are there to see", async () => {
    await pushOnce(here, "library/web", makeImage(), "v2");
    await tab("Executions").click();
    const done = page().getByRole("row").filter({ hasText: "Done" });
    await expect.poll(async () => done.count(), PATIENCE).toBeGreaterThan(1);
    await done.first().getByRole("link").first().click();
    await page()
      .getByRole("heading", { name: /Execution \d+/ })
      .waitFor();
    await page().getByRole("row").filter({ hasText: "library/web:v2" }).getByRole("button").click();
    const log = page().getByRole("log");
    await expect
      .poll(async () => log.textContent(), PATIENCE)
      .toMatch(/library\/web:v2.*to copies\/web.*done: sent/);
    await seen("Complete");
    await page().keyboard.press("Escape");
    await page().waitForURL((now) => !now.searchParams.has("task"));
  });

  test("both sides are compared, and a run that is told to finds nothing to do", async () => {
    await there.content
      .as({ name: "admin", cause: "a test" })
      .repository("copies/web")
      .delete("v1");
    await go("/replication/policies/1?tab=compare");
    await button("Compare both sides").click();
    await seen("missing at the target");
    await tab("What a run would do now").click();
    await seen(/names? match/);
    await button(/^Run now: to tokyo/).click();
    await page().waitForURL(/\/replication\/executions\/\d+$/, PATIENCE);
    await seen("Done");
  });

  test("a registry that is gone is shown where it matters, and why", async () => {
    isGone = true;
    await there.close();
    await pushOnce(here, "library/web", makeImage(), "v3");
    await go("/replication/endpoints");
    await button("Ping now").click();
    await seen("Unreachable");
    await go("/replication/policies/1");
    await seen("library/web:v3");
    await seen("Endpoint down");
    await go("/replication/topology");
    await page()
      .getByRole("link", { name: /^tokyo: unreachable/ })
      .waitFor(PATIENCE);
    await page()
      .getByRole("link", { name: /^to tokyo/ })
      .first()
      .focus();
    await page().keyboard.press("Enter");
    await page().waitForURL(/\/replication\/policies\/1$/);
  });

  test("schedules are paused and resumed together", async () => {
    await go("/jobs?tab=schedules");
    await button("Pause all schedules").click();
    await seen("All schedules are paused");
    await button("Resume all").click();
    await button("Pause all schedules").waitFor(PATIENCE);
  });

  test("all of it in Chinese, on a telephone", async () => {
    const phone = await browser.visitor({ language: "zh", width: 390 });
    await signIn(phone, here.url, here.credential, "/replication/policies/1/edit");
    await phone.page.getByRole("heading", { name: "复制内容" }).waitFor();
    await phone.page.getByRole("button", { name: /保\s?存/ }).waitFor();
    await phone.page.goto(new URL("/replication/topology", here.url).href);
    await phone.page.getByRole("link", { name: /无法连接/ }).waitFor(PATIENCE);
    const wide = await phone.page.evaluate<number>(`document.documentElement.scrollWidth`);
    expect(wide).toBeLessThanOrEqual(390);
    expect(phone.faults).toEqual([]);
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
