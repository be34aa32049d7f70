import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { api } from "../interop/entrepot-api.ts";
import { hasBrowser, openBrowser, settled, signIn, type Visitor } from "./browser.ts";

const MIA = { username: "mia", password: "Docks-and-Cranes-7" };
const title = hasBrowser ? "signing in" : "signing in (skipped: chromium is not installed)";

describe.skipIf(!hasBrowser)(title, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;

  beforeAll(async () => {
    [server, browser] = await Promise.all([testServer(), openBrowser()]);
    await api(server, "POST", "/users", { ...MIA, email: "mia@example.org", realname: "Mia" });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    visitor = await browser.visitor();
  });
  afterEach(async () => {
    expect(visitor.faults).toEqual([]);
    await visitor.context.close();
  });

  test("a wrong password is said, and the right one leads to where one wanted to go", async () => {
    const { page } = visitor;
    await page.goto(new URL("/projects/library?find=x", server.url).href);
    await page.locator("#username").fill(MIA.username);
    await page.locator("#password").fill("not the password");
    await page.keyboard.press("Enter");
    await page.getByText("User name or password is not right").waitFor();
    await page.locator("#password").fill(MIA.password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/projects/library");
    expect(new URL(page.url()).searchParams.get("find")).toBe("x");
  });

  test("nobody is led to another site", async () => {
    const { page } = visitor;
    await page.goto(new URL("/login?to=//evil.example/", server.url).href);
    await page.locator("#username").fill(MIA.username);
    await page.locator("#password").fill(MIA.password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/login");
    expect(new URL(page.url()).origin).toBe(new URL(server.url).origin);
  });

  test("whoever is no administrator is offered nothing of theirs", async () => {
    const { page } = visitor;
    await signIn(visitor, server.url, MIA);
    await settled(page);
    const menu = page.getByRole("navigation", { name: "Main menu" });
    await menu.getByText("Projects").waitFor();
    for (const name of ["People", "Audit", "Settings", "Jobs"]) {
      expect(await menu.getByText(name, { exact: true }).count(), name).toBe(0);
    }
  });

  test("signing out ends the session, here and at the server", async () => {
    const { page, context } = visitor;
    await signIn(visitor, server.url, MIA);
    const cookies = await context.cookies();
    await page.getByRole("button", { name: "mia" }).click();
    await page.getByText("Sign out").click();
    await page.waitForURL((url) => url.pathname === "/login");
    await context.addCookies(cookies);
    await page.goto(new URL("/profile", server.url).href);
    await page.waitForURL((url) => url.pathname === "/login");
  });

  test("the language changes at once, and is remembered", async () => {
    const { page } = visitor;
    await signIn(visitor, server.url, MIA, "/profile");
    await page.getByText("Where you are signed in").waitFor();
    await page.getByLabel("Full name").fill("Mia of the docks");
    await page.getByRole("button", { name: "Language" }).click();
    const chinese = page.getByRole("menuitem", { name: "简体中文" });
    await chinese.waitFor();
    await settled(page);
    await chinese.click();
    await page.locator("html[lang=zh-CN]").waitFor({ state: "attached" });
    await page.getByText("登录会话").waitFor();
    expect(await page.getByLabel("全名").inputValue(), "what was typed").toBe("Mia of the docks");
    await page.reload();
    await page.getByText("登录会话").waitFor();
  });

  test("a keyboard alone is enough to make a token, and it is shown once", async () => {
    const { page } = visitor;
    await signIn(visitor, server.url, MIA, "/profile");
    await page.getByRole("button", { name: "New token" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByLabel("Name").waitFor();
    await page.getByRole("dialog").getByLabel("Name").focus();
    await page.keyboard.type("laptop");
    await page.getByRole("dialog").getByRole("button", { name: "New token" }).press("Enter");
    const secret = await page.getByText(/^ept_/).textContent();
    const authorization = `Basic ${btoa(`${MIA.username}:${secret}`)}`;
    const answer = await fetch(`${server.url}/v2/`, { headers: { authorization } });
    expect(answer.status).toBe(200);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().press("Enter");
    await page.getByRole("cell", { name: "laptop" }).waitFor();
    await page.getByText(secret!).waitFor({ state: "detached" });
  });
});
