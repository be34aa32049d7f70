import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROLES } from "@entrepot/access";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/* Nothing is lost: the bin, going back in time, backing up and trying that, all in a browser. */

const ACTOR = { name: "mia", cause: "a push" };
const MIA = { username: "mia", password: "Correct-horse-7" };
/** A drill starts a database of its own. */
const SLOW_MS = 150_000;

let server: TestServer;
let api: ApiClient;
let folder: string;
let browser: Awaited<ReturnType<typeof openBrowser>>;

const app = () => server.content.as(ACTOR).repository("team/app");
const params = { project_name: "team", repository_name: "app" };

async function visit(look: Parameters<typeof browser.visitor>[0], path: string): Promise<Visitor> {
  const visitor = await browser.visitor(look);
  await signIn(visitor, server.url, server.credential, path);
  return visitor;
}

const title = hasBrowser ? "recovery" : "recovery (skipped: chromium is not installed)";
describe.skipIf(!hasBrowser)(title, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-recovery-"));
    server = await testServer({ backupFolders: [folder] });
    api = apiClient({ url: server.url, credential: server.credential });
    await server.access.createAccount(ACTOR, MIA);
    await server.content.projects.create(ACTOR, { name: "team", public: false });
    await server.access.setMember(ACTOR, "team", MIA.username, ROLES.guest);
    for (const tag of ["1.0", "2.0"]) await pushSample(app(), sampleImage(), [tag]);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  test("what was deleted comes back from the bin, and goes again with undo", async () => {
    const visitor = await visit({}, "/recovery/bin");
    const { page, faults } = visitor;
    await page.getByText("The recycle bin is empty").waitFor();
    const digest = (await app().resolve("1.0"))!.digest;
    await api.tags.delete({ params: { ...params, reference: "1.0", tag_name: "1.0" } });
    await page.reload();
    await page.getByRole("button", { name: "Restore team/app:1.0" }).click();
    const plan = page.getByRole("dialog", { name: "Plan of a restore" });
    await plan.getByRole("cell", { name: "Restore", exact: true }).first().waitFor();
    expect(await app().resolve("1.0")).toBeNull();

    await plan.getByRole("button", { name: "Carry out: 1 name" }).click();
    await page.getByText("1 name put back.").waitFor();
    expect((await app().resolve("1.0"))?.digest).toBe(digest);

    await page.locator(".ant-notification").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Undone.").waitFor();
    expect(await app().resolve("1.0")).toBeNull();
    await plan.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Restore team/app:1.0" }).waitFor();
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("the slider goes back by keys and by hand, and that moment comes back", async () => {
    const seq = await server.catalog.head();
    const before = (await app().resolve("2.0"))!.digest;
    await pushSample(app(), sampleImage(), ["2.0", "3.0"]);
    const after = (await app().resolve("2.0"))!.digest;

    const visitor = await visit({}, "/timeline?scope=team%2Fapp");
    const { page, faults } = visitor;
    const slider = page.getByRole("slider", { name: "Moment" });
    await slider.focus();
    const now = await slider.getAttribute("aria-valuetext");
    await page.keyboard.press("Home");
    await page.waitForURL(/at=20/);
    expect(await slider.getAttribute("aria-valuetext")).not.toBe(now);
    await page.getByRole("tab", { name: "Difference to now" }).waitFor();

    // By hand to the right end: there everything is as it is now.
    const box = (await slider.locator("xpath=..").boundingBox())!;
    const middle = box.y + box.height / 3;
    await page.mouse.move(box.x + 2, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, middle, { steps: 4 });
    await page.mouse.move(box.x + box.width - 1, middle, { steps: 4 });
    const resting = page.url();
    await page.mouse.up();
    await page.waitForURL((url) => url.href !== resting);
    await page.getByText("Nothing is different now.").waitFor();

    await page.goto(new URL(`/timeline?scope=team%2Fapp&at=seq%3A${seq}`, server.url).href);
    const difference = page
      .getByRole("table", { name: "Difference to now" })
      .or(page.locator(`[aria-label="Difference to now"]`));
    await difference.getByText("team/app:3.0").first().waitFor();
    await page.getByRole("button", { name: "Restore all or part…" }).click();
    await page.getByRole("button", { name: "Show the plan" }).click();
    const plan = page.getByRole("dialog", { name: "Plan of a restore" });
    await plan.getByText("team/app:2.0").waitFor();
    await plan.getByRole("button", { name: /^Carry out/ }).click();
    await page.getByText(/put back\.$/).waitFor();
    expect((await app().resolve("2.0"))?.digest).toBe(before);
    expect(await app().resolve("3.0")).toBeNull();

    await page.locator(".ant-notification").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Undone.").waitFor();
    expect((await app().resolve("2.0"))?.digest).toBe(after);
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test(
    "a backup is made and tried, and the report tells how it went",
    { timeout: SLOW_MS },
    async () => {
      const visitor = await visit({}, "/recovery/backups");
      const { page, faults } = visitor;
      await page.getByRole("button", { name: "New backup target" }).first().click();
      const form = page.getByRole("dialog", { name: "New backup target" });
      await form.getByLabel("Name").fill("vault");
      await form.getByLabel("Address").fill(`${folder}/vault`);
      await form.getByLabel("Continuous").click();
      await form.getByRole("button", { name: "Save" }).click();
      await page.getByRole("link", { name: "vault" }).click();
      await page.getByRole("button", { name: "Back up now" }).click();
      await page.getByText("Done", { exact: true }).first().waitFor();
      await page.getByRole("tab", { name: "What a restore takes" }).click();
      const command = `entrepot restore --from file:${folder}/vault --data /var/lib/entrepot`;
      await page.getByText(`${command} --dry-run`).waitFor();

      await page.goto(new URL("/recovery/drills?new=drill", server.url).href);
      await page.getByRole("button", { name: "Start the drill" }).click();
      await page.waitForURL(/\/recovery\/drills\/\d+\/\d+$/);
      await page.getByText("The backup came back whole.").waitFor({ timeout: SLOW_MS });
      await page.getByText("Recovery time").waitFor();
      expect(faults).toEqual([]);
      await visitor.context.close();
    },
  );

  test("a check and a dry run are made by keys alone, and tell what they found", async () => {
    const visitor = await visit({}, "/recovery/checks");
    const { page, faults } = visitor;
    await page.getByRole("button", { name: "New check" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Start the check" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Everything that was looked at is whole.").waitFor();
    await page.goto(new URL("/recovery/garbage", server.url).href);
    await page.getByRole("button", { name: "Dry run", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Start the dry run" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("What is held by what").first().waitFor();
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("a guest sees no recovery, and is refused plainly", async () => {
    const visitor = await browser.visitor();
    const { page, faults } = visitor;
    await signIn(visitor, server.url, MIA, "/recovery/backups");
    await page.getByText(/^This needs a system administrator/).waitFor();
    expect(await page.getByRole("navigation").getByText("Recovery", { exact: true }).count()).toBe(
      0,
    );
    expect(await page.getByRole("button", { name: "New backup target" }).count()).toBe(0);
    await page.goto(new URL("/timeline?scope=team", server.url).href);
    await page.getByRole("slider", { name: "Moment" }).waitFor();
    await page.getByRole("button", { name: "Undo…" }).first().click();
    await page.getByText(/This needs a role in project 'team'/).waitFor();
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("in Chinese, in the dark, on a telephone", async () => {
    const look = { language: "zh", shade: "dark", width: 390 } as const;
    const visitor = await visit(look, "/timeline?scope=team");
    const { page, faults } = visitor;
    await page.getByRole("heading", { level: 1, name: "时间线" }).waitFor();
    const slider = page.getByRole("slider", { name: "时刻" });
    await slider.focus();
    await page.keyboard.press("PageDown");
    await page.getByRole("tab", { name: "与现在的差异" }).waitFor();
    const inside = await page.evaluate<number>(`document.documentElement.scrollWidth`);
    expect(inside).toBeLessThanOrEqual(390);
    expect(faults).toEqual([]);
    await visitor.context.close();
  });
});
