import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/* The audit log as people read it, and purging it: counted first, asked, and itself recorded. */

const DAY_MS = 24 * 3_600_000;
const title = hasBrowser ? "the audit log" : "the audit log (skipped: chromium is not installed)";

describe.skipIf(!hasBrowser)(title, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;

  beforeAll(async () => {
    [server, browser] = await Promise.all([testServer(), openBrowser()]);
    server.audit.note({
      at: new Date(Date.now() - 100 * DAY_MS),
      kind: "change",
      operation: "create",
      resourceType: "label",
      resource: "/long-ago",
      project: null,
      actor: "ann",
      address: "192.0.2.7",
      userAgent: "",
      result: "success",
      cause: "test",
      seq: null,
      detail: {},
    });
    await server.audit.flush();
    visitor = await browser.visitor();
    await signIn(visitor, server.url, server.credential, "/audit");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("it tells in words what was done, and is searched by them", async () => {
    const { page } = visitor;
    await page.getByRole("row", { name: "Create Label long-ago" }).getByText("ann").waitFor();
    await page.getByLabel("Find a name").fill("nowhere");
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: "long-ago" }).waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("what")).toBe("nowhere");
    await page.goto(new URL("/audit?kind=change&operation=create&what=long", server.url).href);
    await page.getByRole("row", { name: "long-ago" }).waitFor();
  });

  test("some of it is purged: counted first, asked, and told in a log", async () => {
    const { page } = visitor;
    await page.getByRole("link", { name: "Purges" }).click();
    await page.getByText("Nothing was purged from here yet").waitFor();
    await page.getByRole("button", { name: "Purge…" }).click();
    const form = page.getByRole("dialog", { name: "Purge the audit log" });
    await form.getByLabel("Types of records").click();
    await page.keyboard.type("Create: Label");
    await page.keyboard.press("Enter");
    // The choices are still open, over the button.
    await form.getByRole("button", { name: "Count what would go" }).press("Enter");
    const question = page.getByRole("dialog", { name: "Purge 1 record?" });
    await question.getByRole("button", { name: "Purge the audit log" }).click();
    const rows = page.locator("tbody tr.ant-table-row");
    await expect.poll(() => rows.filter({ hasText: "done" }).count()).toBe(2);
    await rows.first().getByRole("button", { name: "Expand row" }).click();
    await page.getByText("1 records emptied").waitFor();
    const { items } = await server.purges.list({ page: 1, pageSize: 10 });
    expect(items.map(({ parameters }) => parameters)).toEqual([
      { retentionHours: 90 * 24, types: ["create_label"], dryRun: false },
      { retentionHours: 90 * 24, types: ["create_label"], dryRun: true },
    ]);
    await page.goto(new URL("/audit?operation=purge", server.url).href);
    await page.getByRole("row", { name: "Purge Audit log" }).getByText("admin").waitFor();
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
