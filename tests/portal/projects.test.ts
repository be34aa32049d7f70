import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeImage, makeTwoPlatforms, writeLayout } from "../interop/images.ts";
import { hasSkopeo, skopeoPush } from "../interop/skopeo.ts";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/*
 * What somebody does on the first day: sign in, make a project, push with skopeo and see it appear
 * in the page that was open all the time, find it, delete it by mistake and take that back.
 */

const able = hasBrowser && hasSkopeo;
const title = able ? "projects" : "projects (skipped: chromium or skopeo is not installed)";

describe.skipIf(!able)(title, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;
  let folder: string;
  let layout: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-projects-"));
    [server, browser, layout] = await Promise.all([
      testServer(),
      openBrowser(),
      writeLayout(folder, { one: makeImage(), two: makeImage(), multi: makeTwoPlatforms() }),
    ]);
    visitor = await browser.visitor();
    await signIn(visitor, server.url, server.credential, "/projects");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const push = (name: string, reference: string) =>
    skopeoPush(
      layout,
      name,
      { address: new URL(server.url).host, credential: server.credential },
      reference,
    );

  test("a project is made by keyboard, its name checked first", async () => {
    const { page } = visitor;
    await page.getByRole("button", { name: "New project" }).press("Enter");
    const name = page.getByRole("dialog").getByLabel("Name");
    await name.fill("Not A Name");
    await name.press("Enter");
    await page.getByText("Lower-case letters and digits only").waitFor();
    await name.fill("harbour");
    await name.press("Enter");
    await page.getByRole("heading", { name: "harbour", level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/projects/harbour");
    const { host } = new URL(server.url);
    await page.getByText(`docker push ${host}/harbour/app:latest`).waitFor();
  });

  test("what is pushed appears in the open page, and so does what it becomes", async () => {
    const { page } = visitor;
    await push("one", "harbour/team/app:v1");
    await page.getByRole("link", { name: "team/app" }).click();
    await page.getByRole("link", { name: "v1", exact: true }).waitFor();
    await push("multi", "harbour/team/app:v2");
    await page.getByRole("link", { name: "v2", exact: true }).waitFor();
    await page.getByText("linux/arm64").waitFor();
    expect(new URL(page.url()).pathname).toBe("/projects/harbour/repositories/team/app");
  });

  test("it is found from anywhere, by keyboard alone", async () => {
    const { page } = visitor;
    await page.goto(`${server.url}/projects`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("combobox", { name: "Find projects and repositories" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("team/a");
    await page.getByText("harbour/team/app").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "team/app", level: 1 }).waitFor();
  });

  test("several are deleted as one and come back as one", async () => {
    const { page } = visitor;
    const rows = page.locator("tbody tr.ant-table-row");
    await rows.nth(1).waitFor();
    await page.getByRole("checkbox", { name: "Select all" }).check();
    await page.getByRole("button", { name: "Delete 2" }).click();
    const question = page.getByRole("dialog");
    await question.getByText("team/app:v2").waitFor();
    await question.getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 artifacts have been deleted").waitFor();
    const tagged = page.getByRole("link", { name: "v1", exact: true });
    await tagged.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("It is as it was before.").waitFor();
    await tagged.waitFor();
    await expect.poll(() => rows.count()).toBe(2);
  });

  test("its log tells who did what", async () => {
    const { page } = visitor;
    await server.audit.idle();
    await page.goto(`${server.url}/projects/harbour/logs?operation=delete`);
    const row = page.getByRole("row", { name: /Delete Tag harbour\/team\/app:v2/ });
    await row.getByText("admin").waitFor();
  });

  test("a project with all that is in it goes, and comes back", async () => {
    const { page } = visitor;
    await page.goto(`${server.url}/projects`);
    await page.getByRole("button", { name: "Actions on harbour" }).click();
    await page.getByRole("menuitem", { name: "Delete project" }).click();
    const question = page.getByRole("dialog");
    await question.getByText("1 repository goes with everything in it").waitFor();
    await question.getByRole("button", { name: "Delete project" }).click();
    const link = page.getByRole("table").getByRole("link", { name: "harbour" });
    await link.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await link.waitFor();
    await link.click();
    await page.getByRole("link", { name: "team/app" }).waitFor();
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
