import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SETTINGS } from "../apps/server/config.ts";
import { root } from "./sources.ts";

const path = join(root, "docs/guides/configure.md");
const [begin, end] = ["<!-- settings: begin -->\n", "<!-- settings: end -->"];

test("the guide's table of settings is the server's own", () => {
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(begin) + begin.length;
  const until = text.indexOf(end);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(path, text.slice(0, at) + table() + text.slice(until));
    return;
  }
  expect(text.slice(at, until)).toBe(table());
});

function table(): string {
  const rows = SETTINGS.map(
    ({ env, flag, value, standard, help }) =>
      `| \`${env}\` | \`${flag} <${value}>\` | ${defaultOf(env, standard)} | ${help} |\n`,
  );
  return `| variable | flag | default | |\n|---|---|---|---|\n${rows.join("")}`;
}

/** What differs from machine to machine is said in words. */
function defaultOf(env: string, standard: string): string {
  if (env === "ENTREPOT_WORKERS") return "4 per processor, at least 8";
  return standard === "" ? "" : `\`${standard}\``;
}
