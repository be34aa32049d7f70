import { existsSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** A page that is not there by then, on a machine that is busy, is not coming. */
const PATIENCE_MS = 20_000;
/** A page on which something takes more keys to reach is no page for keys. */
const MOST_TABS = 80;
/** In so many frames whatever has just come has asked for what it needs. */
const CALM_FRAMES = 4;
const program = PROGRAMS.find((path) => existsSync(path));

/** Whether there is a browser; tests that need one are skipped plainly where there is none. */
export const hasBrowser = program !== undefined;

/** How a page is looked at. */
export interface Look {
  readonly language?: "en" | "zh";
  readonly shade?: "light" | "dark";
  /** 1280 is a desk's, 390 a telephone's. */
  readonly width?: 1280 | 390;
  /** By a finger: `tap` instead of `click`. */
  readonly touch?: boolean;
  /** With motions, as most people have them. They take time. */
  readonly motion?: boolean;
  /** Failures that the test means to get, by their status: 502, another registry is gone. */
  readonly refusals?: readonly number[];
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
      const { touch = false, motion = false, refusals = [] } = look;
      // What the server refuses the page shows; what fails is a fault, unless the test means it.
      const meant = new RegExp(`status of (?:${["40[0-9]", ...refusals].join("|")})\\b`);
      const context = await browser.newContext({
        locale: language === "zh" ? "zh-CN" : "en-GB",
        colorScheme: shade,
        reducedMotion: motion ? "no-preference" : "reduce",
        timezoneId: "Europe/Berlin",
        viewport: { width, height: width === 390 ? 844 : 900 },
        hasTouch: touch,
        isMobile: touch,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("console", (said) => {
        if (said.type() !== "error" || meant.test(said.text())) return;
        faults.push(`${said.text()} (${said.location().url})`);
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

/** Presses Tab until the focus is on `target`, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  const reached = target.and(page.locator(":focus-within"));
  for (let pressed = 0; pressed < MOST_TABS; pressed++) {
    await page.keyboard.press("Tab");
    if ((await reached.count()) > 0) return;
  }
  throw new Error(`after ${MOST_TABS} tabs the focus is not on ${String(target)}`);
}

/**
 * Waits until the page shows what it has to show: a heading, nothing that is still asked for or
 * loading, nothing that moves; and stays so for some frames, in which it would ask for more.
 */
export async function settled(page: Page): Promise<void> {
  // In the frame: the login has a heading, too, and goes only when the page is there.
  await page.locator("#content h1").first().waitFor();
  await page.evaluate(SETTLED);
}

const SETTLED = `new Promise((done) => {
  const busy = ".ant-skeleton-active, .ant-spin-spinning, [aria-busy=true]";
  let calm = 0;
  const look = () => {
    const moves = document.getAnimations().some(
      (one) => one.playState === "running" && one.effect.getComputedTiming().endTime < Infinity,
    );
    calm = moves || document.querySelector(busy) ? 0 : calm + 1;
    if (calm > ${CALM_FRAMES}) done();
    else requestAnimationFrame(look);
  };
  look();
})`;
