import { ROLES } from "@entrepot/access";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeImage } from "../interop/images.ts";
import {
  hasBrowser,
  type Look,
  openBrowser,
  settled,
  signIn,
  tabTo,
  type Visitor,
} from "./browser.ts";

/*
 * Whole acts as different people do them: with each role, by keys alone, with a finger, and after
 * their session was ended from elsewhere.
 */

const ACTOR = { name: "ci", cause: "a push" };
const PASSWORD = "Docks-and-Cranes-7";
const title = hasBrowser ? "people" : "people (skipped: chromium is not installed)";

const LOOKS = ["Members", "Robots", "Labels"];
const CHANGES = ["Delete", "New label", "Recycle bin"];

/** What each role is offered beyond looking at images: more with each. */
const OFFERED = [
  { role: "guest", may: LOOKS },
  { role: "developer", may: [...LOOKS, "Policies", "Add tag"] },
  { role: "maintainer", may: [...LOOKS, "Policies", "Add tag", ...CHANGES] },
  {
    role: "projectAdmin",
    may: [...LOOKS, "Policies", "Add tag", ...CHANGES, "Settings", "Add member", "New robot"],
  },
] as const;

/** What is looked for, by where it would stand in the project. */
const PLACES = {
  "": ["Members", "Robots", "Labels", "Policies", "Settings", "Recycle bin"],
  "/labels": ["New label"],
  "/members": ["Add member"],
  "/robots": ["New robot"],
  "/repositories/app": ["Delete"],
} as const;

describe.skipIf(!hasBrowser)(title, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  const open: Visitor[] = [];

  beforeAll(async () => {
    [server, browser] = await Promise.all([testServer(), openBrowser()]);
    const { access, content } = server;
    await content.projects.create(ACTOR, { name: "town", public: false });
    for (const { role } of OFFERED) {
      await access.createAccount(ACTOR, { username: role.toLowerCase(), password: PASSWORD });
      await access.setMember(ACTOR, "town", role.toLowerCase(), ROLES[role]);
    }
    for (const tag of ["1.0", "2.0", "3.0"]) await pushSample(app(), makeImage(), [tag]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(async () => {
    for (const { context, faults } of open.splice(0)) {
      expect(faults).toEqual([]);
      await context.close();
    }
  });

  const app = () => server.content.as(ACTOR).repository("town/app");
  const tagsLeft = async () => {
    const found = await Promise.all(["1.0", "2.0", "3.0"].map((tag) => app().resolve(tag)));
    return found.filter((one) => one !== null).length;
  };
  /** Somebody at the page `path`; their faults are looked at when the test ends. */
  const visit = async (who: string, path: string, look: Look = {}) => {
    const visitor = await browser.visitor(look);
    open.push(visitor);
    const credential = who === "admin" ? server.credential : { username: who, password: PASSWORD };
    await signIn(visitor, server.url, credential, path);
    return visitor.page;
  };

  test.each(OFFERED)("a $role is offered what the role may do", async (offered) => {
    const page = await visit(offered.role.toLowerCase(), "/projects");
    const may: readonly string[] = offered.may;
    for (const [place, names] of Object.entries(PLACES)) {
      const rights = page.waitForResponse(/\/users\/current\/permissions/);
      await page.goto(`${server.url}/projects/town${place}`);
      await rights;
      await settled(page);
      for (const name of names) {
        // An icon before it has a name of its own.
        const called = new RegExp(`(^| )${name}$`);
        const one = (role: "button" | "link") => page.getByRole(role, { name: called });
        const count = await one("button").or(one("link")).count();
        expect(count > 0, `${name} in ${place}`).toBe(may.includes(name));
      }
    }
    await page.getByRole("button", { name: "Actions on app 3.0" }).click();
    const menu = page.getByRole("menu").getByRole("menuitem");
    await menu.filter({ hasText: "Open" }).waitFor();
    expect(await menu.filter({ hasText: "Add tag" }).count()).toBe(may.includes("Add tag") ? 1 : 0);
    expect(await menu.filter({ hasText: "Delete" }).count()).toBe(may.includes("Delete") ? 1 : 0);
  });

  test("retention is simulated, carried out as simulated, and undone", async () => {
    const page = await visit("admin", "/projects/town/policies");
    await page.getByRole("button", { name: "Add rule" }).click();
    const form = page.getByRole("dialog", { name: "Add rule" });
    await form.getByLabel("How many").fill("1");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("The last pushed artifact", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Simulate" }).click();
    const simulation = page.getByRole("row").filter({ hasText: "Simulation" });
    await simulation.getByText("Done").waitFor();
    await simulation.getByRole("button", { name: "Expand row" }).click();
    const verdicts = page.getByRole("table", { name: "Plan" }).getByRole("row");
    await verdicts.filter({ hasText: "1.0" }).getByText("Delete").waitFor();
    await verdicts.filter({ hasText: "2.0" }).getByText("Delete").waitFor();
    expect(await verdicts.filter({ hasText: "3.0" }).count()).toBe(0);
    expect(await tagsLeft()).toBe(3);

    await page.getByRole("button", { name: "Run this plan" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Run now" }).click();
    const undo = page.getByRole("button", { name: "Undo", exact: true });
    await undo.waitFor();
    expect(await tagsLeft()).toBe(1);
    await undo.click();
    await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
    await page.getByText("It is as it was before.").waitFor();
    expect(await tagsLeft()).toBe(3);
  });

  test("keys alone sign in, make a project, share it, delete it and take that back", async () => {
    const visitor = await browser.visitor({ motion: true });
    open.push(visitor);
    const { page } = visitor;
    const { keyboard } = page;
    await page.goto(`${server.url}/projects`);
    await page.locator("#username:focus").waitFor();
    await keyboard.type(server.credential.username);
    await keyboard.press("Tab");
    await keyboard.type(server.credential.password);
    await keyboard.press("Enter");

    await tabTo(page, page.getByRole("button", { name: "New project" }));
    await keyboard.press("Enter");
    await page.getByLabel("Name", { exact: true }).and(page.locator(":focus")).waitFor();
    await keyboard.type("keys");
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: "keys", level: 1 }).waitFor();
    await tabTo(page, page.getByRole("link", { name: "Members" }));
    await keyboard.press("Enter");
    await tabTo(page, page.getByRole("button", { name: "Add member" }));
    await keyboard.press("Enter");
    const form = page.getByRole("dialog");
    await form.getByLabel("User name").and(page.locator(":focus")).waitFor();
    await keyboard.type("guest");
    await tabTo(page, form.getByRole("button", { name: "Add member" }));
    await keyboard.press("Enter");
    await page.getByText("guest is a member now.").waitFor();

    const menu = page.getByRole("navigation", { name: "Main menu" });
    await tabTo(page, menu.getByRole("link", { name: "Projects" }));
    await keyboard.press("Enter");
    await tabTo(page, page.getByRole("button", { name: "Actions on keys" }));
    await keyboard.press("Enter");
    const item = page.getByRole("menuitem", { name: "Delete project" });
    await item.and(page.locator(":focus")).waitFor();
    await keyboard.press("Enter");
    await tabTo(page, form.getByRole("button", { name: "Delete project" }));
    await keyboard.press("Enter");
    const link = page.getByRole("table").getByRole("link", { name: "keys" });
    await link.waitFor({ state: "detached" });
    await tabTo(page, page.getByRole("button", { name: "Undo" }));
    await keyboard.press("Enter");
    await link.waitFor();
  });

  test("a finger finds an image, deletes it, takes that back, and goes back in time", async () => {
    const page = await visit("maintainer", "/", { width: 390, touch: true });
    await page.getByRole("button", { name: "Main menu" }).tap();
    const menu = page.getByRole("dialog").getByRole("navigation", { name: "Main menu" });
    await menu.getByRole("link", { name: "Projects" }).tap();
    await page.getByRole("table").getByRole("link", { name: "town" }).tap();
    await page.getByRole("link", { name: "app", exact: true }).tap();
    await page.getByRole("button", { name: "Actions on app 2.0" }).tap();
    await page.getByRole("menuitem", { name: "Delete" }).tap();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).tap();
    await page.getByText("The artifact has been deleted.").waitFor();
    expect(await tagsLeft()).toBe(2);
    await page.getByRole("button", { name: "Undo" }).tap();
    await page.getByText("It is as it was before.").waitFor();
    expect(await tagsLeft()).toBe(3);

    await page.goto(`${server.url}/timeline?scope=town`);
    const track = page.getByRole("slider", { name: "Moment" }).locator("xpath=..");
    await track.tap({ position: { x: 40, y: 30 } });
    await page.waitForURL(/at=20/);
    await page.getByRole("tab", { name: "Difference to now" }).waitFor();
    const wide = await page.evaluate<number>(`document.documentElement.scrollWidth`);
    expect(wide).toBeLessThanOrEqual(390);
  });

  test("a right in the whole registry is offered where it leads, nothing beside it", async () => {
    await server.access.setSystemRights(ACTOR, "guest", ["backup:read"]);
    // Its group is open where one of its pages is shown, although the rights come later.
    const page = await visit("guest", "/recovery/drills");
    const menu = page.getByRole("navigation", { name: "Main menu" });
    await menu.getByRole("link", { name: "Drills" }).waitFor();
    expect(await menu.getByRole("link").allInnerTexts()).toEqual([
      "Home",
      "Projects",
      "Timeline",
      "Backups",
      "Drills",
    ]);
    await menu.getByRole("link", { name: "Backups" }).click();
    await page.getByRole("heading", { name: "Backups", level: 1 }).waitFor();
  });

  test("what the server refuses is told in the reader's language", async () => {
    const page = await visit("admin", "/replication/policies/4711", { language: "zh" });
    await page.getByText("复制策略 4711 不存在。").waitFor();
    await page.goto(`${server.url}/recovery/backups/4711`);
    await page.getByText(/没有备份目标.*4711/).waitFor();
  });

  test("a session that is ended elsewhere leads to the login, and back afterwards", async () => {
    const lost = await visit("developer", "/projects/town");
    await lost.getByRole("link", { name: "app", exact: true }).waitFor();
    const other = await visit("developer", "/profile");
    await other.getByRole("button", { name: "End all others" }).click();
    const question = other.getByRole("dialog");
    await question.getByRole("button", { name: "End all others" }).click();
    await other.getByText("Ended.").waitFor();

    // By itself, without a click: nobody reads on who may no longer.
    await lost.waitForURL((now) => now.pathname === "/login");
    expect(await lost.getByText("town").count()).toBe(0);
    await lost.locator("#username").fill("developer");
    await lost.locator("#password").fill(PASSWORD);
    await lost.keyboard.press("Enter");
    await lost.waitForURL((now) => now.pathname === "/projects/town");
    await lost.getByRole("link", { name: "app", exact: true }).waitFor();
  });
});
