import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServer, type TestServer } from "@entrepot/server/testing";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressesOf, PATHS } from "./addresses.ts";
import { hasBrowser, openBrowser, settled, signIn, type Visitor } from "./browser.ts";
import { fillWorld, HARM, type World } from "./world.ts";

/*
 * Every page of the portal, in both languages, at a desk and on a telephone: it comes up without a
 * fault, whoever cannot see or has no mouse can use it, nothing is cut off, and what people wrote
 * stays text, whatever they wrote.
 */

const LOOKS = [
  {
    language: "en",
    shade: "light",
    width: 1280,
    /** By its address, as a link in a mail leads there. */
    arrive: (page: Page, url: string) => page.goto(url),
  },
  {
    language: "zh",
    shade: "dark",
    width: 390,
    /** From the page before, which is left behind. */
    arrive: (page: Page, url: string) =>
      page.evaluate(`history.pushState(null, "", ${JSON.stringify(url)})`),
  },
] as const;

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let servers: TestServer[] = [];
let folder: string;
let world: World;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let axe: string;

const title = hasBrowser ? "every page" : "every page (skipped: chromium is not installed)";
describe.skipIf(!hasBrowser)(title, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-pages-"));
    servers = await Promise.all([testServer({ backupFolders: [folder] }), testServer()]);
    const backupFolder = join(folder, "vault");
    world = await fillWorld(servers[0]!, servers[1]!, { backupFolder, said: HARM });
    browser = await openBrowser();
    axe = await readFile(AXE, "utf8");
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true, force: true });
  });

  test("has an address in this world", () => {
    const unknown = Object.entries(addressesOf(world)).filter(([, address]) => address === null);
    expect(unknown).toEqual([]);
  });

  // Side by side: most of the time each waits for a server or a browser.
  describe.concurrent.each(LOOKS)("in $language, $shade, $width wide", (look) => {
    let visitor: Visitor;
    beforeAll(async () => {
      visitor = await browser.visitor(look);
      await signIn(visitor, servers[0]!.url, servers[0]!.credential);
    });
    afterAll(() => visitor.context.close());

    test.each(PATHS)("%s", { concurrent: false }, async (path) => {
      const { page, faults } = visitor;
      await look.arrive(page, new URL(addressesOf(world)[path]!, servers[0]!.url).href);
      await settled(page);
      expect(await page.title()).toMatch(/ · Entrepot$/);
      expect(await page.evaluate(`"harmed" in window`)).toBe(false);
      expect(await hurdles(page)).toEqual([]);
      expect(await stickingOut(page), "nothing may stick out to the side").toEqual([]);
      expect(faults.splice(0)).toEqual([]);
    });
  });
});

/** What is wider than the page, unless it scrolls by itself: tags, classes and right edges. */
function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.querySelectorAll("#portal *")]
      .filter((element) => element.getBoundingClientRect().right > wide + 1)
      .map((element) => element.tagName + "." + element.className + " ends at "
        + Math.round(element.getBoundingClientRect().right))
      .slice(0, 12);
  })()`);
}

/** What axe finds that is serious: its rule, where, and what is wrong. */
async function hurdles(page: Page): Promise<string[]> {
  if (!(await page.evaluate(`"axe" in window`))) await page.evaluate(axe);
  // What passes is not described: that takes longer than to find what does not.
  const found = `axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations)`;
  const violations = await page.evaluate<AxeResults["violations"]>(found);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
    );
}
