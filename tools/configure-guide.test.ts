import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SETTINGS } from "../apps/server/config.ts";
import { KNOWN_SETTINGS } from "../apps/server/known-settings.ts";
import { root } from "./sources.ts";

const path = join(root, "docs/guides/configure.md");

test.each([
  ["settings", "what is given to the server", table],
  ["running", "what counts while it runs", running],
])("the guide's table '%s' (%s) is the server's own", (name, _, made) => {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(begin) + begin.length;
  const until = text.indexOf(end);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(path, text.slice(0, at) + made() + text.slice(until));
    return;
  }
  expect(text.slice(at, until)).toBe(made());
});

/** Of long texts only what they do: their first value is shown by the command line. */
function running(): string {
  const rows = KNOWN_SETTINGS.map(({ name, type, initial, help }) => {
    const shown = initial === "" || String(initial).length > 40 ? "" : `\`${initial}\``;
    return `| \`${name}\` | ${type} | ${shown} | ${help.replaceAll("|", String.raw`\|`)} |\n`;
  });
  return `| name | type | initially | |\n|---|---|---|---|\n${rows.join("")}`;
}

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
