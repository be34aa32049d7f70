import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, textOf } from "./sources.ts";

/*
 * A page in Chinese (`name.zh-CN.md`) says what the English one does: the same commands in the same
 * order, as many headings, the same links apart from those to translations.
 */

const PAGES = ["", "docs/guides/"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".zh-CN.md"))
    .map((name) => `${folder}${name}`),
);

/** What is typed, without what a `#` says about it. */
function commandsIn(text: string): string[] {
  const fenced = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!.split("\n"),
  );
  const indented = text.split("\n").filter((line) => /^ {4}\S/.test(line));
  return [...fenced, ...indented].map((line) => line.replace(/\s+#.*$/, "").trim()).filter(Boolean);
}

const headingsIn = (text: string) => text.match(/^#+ /gm)?.map((mark) => mark.trim()) ?? [];
const linksIn = (text: string) =>
  [...text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)]
    .map(([, to]) => to!.replace(".zh-CN.md", ".md").replace(".zh.png", ".en.png"))
    .toSorted();

test.each(PAGES)("%s says what the English page does", (page) => {
  const english = page.replace(".zh-CN.md", ".md");
  expect(existsSync(join(root, english))).toBe(true);
  const [here, there] = [textOf(page), textOf(english)];
  expect(commandsIn(here)).toEqual(commandsIn(there));
  expect(headingsIn(here)).toEqual(headingsIn(there));
  expect(new Set(linksIn(here))).toEqual(new Set(linksIn(there)));
});
