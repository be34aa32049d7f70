/**
 * `npm run pictures`: a picture of every page of the portal, in both languages, in light and dark,
 * at a desk's and a telephone's width, of a real server that was filled for it, into
 * `.cache/pictures`. `--readme` renews those that the README shows, in `docs/pictures`.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { addressesOf } from "../tests/portal/addresses.ts";
import { hasBrowser, type Look, openBrowser, settled, signIn } from "../tests/portal/browser.ts";
import { fillWorld } from "../tests/portal/world.ts";
import { runEntrepot } from "../tests/interop/entrepot-process.ts";
import { root } from "./sources.ts";

const LOOKS: Readonly<Record<string, Look>> = {
  "en-light": { language: "en", shade: "light", width: 1280 },
  "zh-dark": { language: "zh", shade: "dark", width: 1280 },
  "en-dark-narrow": { language: "en", shade: "dark", width: 390 },
  "zh-light-narrow": { language: "zh", shade: "light", width: 390 },
};

/** What the README shows: the page's path, by the picture's name. */
const README: Readonly<Record<string, string>> = {
  home: "/",
  timeline: "/timeline",
  artifact: "/projects/$project/artifacts/$",
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { readme: { type: "boolean" } } });
  if (!hasBrowser) throw new Error("chromium is not installed: apt-get install chromium");
  const backups = await mkdtemp(join(tmpdir(), "entrepot-pictures-"));
  const [here, there] = await Promise.all([
    runEntrepot({ name: "here", flags: ["--backup-folders", backups] }),
    runEntrepot({ name: "there" }),
  ]);
  try {
    const backupFolder = join(backups, "vault");
    const world = await fillWorld(here, there, { backupFolder, said: "Made by the web team." });
    const addresses = addressesOf(world);
    await using browser = await openBrowser();
    const take = async (look: Look, path: string, file: string, fullPage: boolean) => {
      const visitor = await browser.visitor(look);
      await signIn(visitor, here.url, here.credential, addresses[path]!);
      await settled(visitor.page);
      await visitor.page.screenshot({ path: file, fullPage });
      await visitor.context.close();
      console.log(file);
    };
    if (values.readme) {
      await mkdir(join(root, "docs/pictures"), { recursive: true });
      for (const [name, path] of Object.entries(README)) {
        const file = (language: string) => join(root, `docs/pictures/${name}.${language}.png`);
        await take({ language: "en" }, path, file("en"), false);
        await take({ language: "zh" }, path, file("zh"), false);
      }
      return;
    }
    for (const [name, look] of Object.entries(LOOKS)) {
      const folder = join(root, ".cache/pictures", name);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      for (const path of Object.keys(addresses)) {
        const file = `${path.slice(1).replaceAll("/", "_").replaceAll("$", "") || "home"}.png`;
        await take(look, path, join(folder, file), true);
      }
    }
  } finally {
    await Promise.all([here.close(), there.close()]);
    await rm(backups, { recursive: true, force: true });
  }
}

await main();
