import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** A page that is not there by then, on a machine that is busy, is not coming. */
const PATIENCE_MS = 20_000;
const program = PROGRAMS.find((path) => existsSync(path));

/** Whether there is a browser; tests that need one are skipped plainly where there is none. */
export const hasBrowser = program !== undefined;

/** How a page is looked at. */
export interface Look {
  readonly language?: "en" | "zh";
  readonly shade?: "light" | "dark";
  /** 1280 is a desk's, 390 a telephone's. */
  readonly width?: 1280 | 390;
}

/** A browser of its own; `await using` closes it. */
export async function openBrowser() {
  const browser: Browser = await chromium.launch({
    executablePath: program!,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  return {
    /** A fresh visitor, with a page that throws whatever the page's own code throws. */
    async visitor(look: Look = {}): Promise<Visitor> {
      const { language = "en", shade = "light", width = 1280 } = look;
      const context = await browser.newContext({
        locale: language === "zh" ? "zh-CN" : "en-GB",
        colorScheme: shade,
        timezoneId: "Europe/Berlin",
        viewport: { width, height: width === 390 ? 844 : 900 },
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("console", (said) => {
        if (said.type() === "error" && !/status of 40[0-9]/.test(said.text())) {
          faults.push(said.text());
        }
      });
      return { context, page, faults };
    },
    close: () => browser.close(),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Somebody at a browser. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in the page so far: exceptions, refused contents. */
  readonly faults: string[];
}

/** Signs in at `url` as a person would, and waits for the page `to`. */
export async function signIn(
  { page }: Visitor,
  url: string,
  who: { readonly username: string; readonly password: string },
  to = "/",
): Promise<void> {
  await page.goto(new URL(to, url).href);
  await page.locator("#username").fill(who.username);
  await page.locator("#password").fill(who.password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((now) => now.pathname !== "/login");
}

/** Waits until the page shows what it has to show: a heading, and nothing that is still loading. */
export async function settled(page: Page): Promise<void> {
  // In the frame: the login has a heading, too, and goes only when the page is there.
  await page.locator("#content h1").first().waitFor();
  const waiting = page.locator(".ant-skeleton-active, .ant-spin-spinning");
  do {
    while ((await waiting.count()) > 0) await waiting.first().waitFor({ state: "detached" });
    // What has just come may itself wait for more.
    await page.evaluate(
      `new Promise((done) => setTimeout(() => requestAnimationFrame(done), 100))`,
    );
  } while ((await waiting.count()) > 0);
  // Motions fade in; half a colour is no colour.
  await page.evaluate(
    `Promise.all(document.getAnimations().map((motion) => motion.finished.catch(() => null)))`,
  );
}
