import { gzipSync } from "node:zlib";
import { ROLES } from "@entrepot/access";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, signIn } from "./browser.ts";

/* The start page: the first steps, what needs attention, and how little it takes to load. */

const ACTOR = { name: "test", cause: "test" };
const MIA = { username: "mia", password: "Correct-horse-7" };
/** What the first load may weigh, compressed. */
const MOST_BYTES = 300_000;

let server: TestServer;
let browser: Awaited<ReturnType<typeof openBrowser>>;

const title = hasBrowser ? "the start page" : "the start page (skipped: chromium is not installed)";
describe.skipIf(!hasBrowser)(title, () => {
  beforeAll(async () => {
    server = await testServer();
    await server.access.createAccount(ACTOR, MIA);
    await server.content.projects.create(ACTOR, { name: "team", public: false });
    await server.access.setMember(ACTOR, "team", MIA.username, ROLES.developer);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });

  test("an empty registry teaches the first steps, with this server's name", async () => {
    const visitor = await browser.visitor();
    const { page, faults } = visitor;
    await signIn(visitor, server.url, server.credential);
    const { host } = new URL(server.url);
    await page.getByText(`docker push ${host}/library/alpine:latest`).waitFor();
    await page.getByText(`docker login ${host} -u admin`).waitFor();
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("what needs attention leads to its remedy", async () => {
    const visitor = await browser.visitor();
    const { page, faults } = visitor;
    await signIn(visitor, server.url, server.credential);
    await page.getByText("Nothing is backed up: there is no backup target").waitFor();
    await page.getByRole("link", { name: "Make a backup target" }).click();
    await page.waitForURL(/\/recovery\/backups\?new=target$/);
    await page.getByRole("dialog", { name: "New backup target" }).waitFor();
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("a developer sees projects and pushes, and nothing of the registry's state", async () => {
    const repository = server.content.as(ACTOR).repository("team/app");
    await pushSample(repository, sampleImage(), ["1.0"]);
    const visitor = await browser.visitor();
    const { page, faults } = visitor;
    await signIn(visitor, server.url, MIA);
    await page.getByRole("link", { name: "team/app" }).waitFor();
    await page.getByRole("link", { name: "team", exact: true }).waitFor();
    expect(await page.getByText("Needs attention").count()).toBe(0);
    expect(faults).toEqual([]);
    await visitor.context.close();
  });

  test("the frame, the start page and its texts weigh little", async () => {
    const entry = /src="\/assets\/([^"]+)"/.exec(await text("/"))![1]!;
    const frame = await closure([entry]);
    const pages = [...frame.values()].flatMap((code) =>
      [...code.matchAll(/\.\/((?:home|shell|parts)-[^"`'.]+\.js)/g)].map(([, name]) => name!),
    );
    const whole = await closure([entry, ...pages]);
    // One language is loaded, not both.
    const loaded = [...whole].filter(
      ([name, code]) => !isTexts(name) || !/[\u4E00-\u9FFF]/.test(code),
    );
    const sizes = loaded.map(([name, code]) => [gzipSync(code).length, name] as const);
    const total = sizes.reduce((sum, [bytes]) => sum + bytes, 0);
    const told = sizes.toSorted(([a], [b]) => b - a).map((one) => one.join(" "));
    expect(pages.length).toBeGreaterThan(3);
    expect(total, told.join("\n")).toBeLessThan(MOST_BYTES);
  });

  test("in Chinese, in the dark, on a telephone", async () => {
    const visitor = await browser.visitor({ language: "zh", shade: "dark", width: 390 });
    const { page, faults } = visitor;
    await signIn(visitor, server.url, server.credential);
    await page.getByRole("heading", { level: 1, name: "首页" }).waitFor();
    await page.getByText("没有备份：尚未设置备份目标").waitFor();
    const inside = await page.evaluate<number>(`document.documentElement.scrollWidth`);
    expect(inside).toBeLessThanOrEqual(390);
    expect(faults).toEqual([]);
    await visitor.context.close();
  });
});

const isTexts = (name: string) => /^(?:home|shell|parts)-/.test(name);

async function text(path: string): Promise<string> {
  const answer = await fetch(new URL(path, server.url), { headers: { accept: "text/html,*/*" } });
  return await answer.text();
}

/** The scripts of these names, and all that they cannot do without, by name. */
async function closure(names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    const code = await text(`/assets/${name}`);
    found.set(name, code);
    waiting.push(...[...code.matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)].map((one) => one[1]!));
  }
  return found;
}
