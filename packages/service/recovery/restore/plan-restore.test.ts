import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Difference, planRestore, type RestoreFacts } from "./plan-restore.ts";

const GOLDEN = new URL("plan-restore.golden.txt", import.meta.url);

const tag = (digest: string) => ({ digest });
const FACTS: RestoreFacts = {
  kinds: new Set(["project", "member", "policy", "repository", "manifest", "tag"]),
  projectsGone: new Set(["gone"]),
  broken: new Map([["team/app@sha256:lost", "blob sha256:b is not in the store any more"]]),
  immutable: new Set(["team/app:fixed", "team/app:released"]),
  gone: new Set(["account:eve", "endpoint:away"]),
};

/** From what is to what was, as it stands in the golden file. */
const CASES: readonly (readonly [string, Partial<Difference>])[] = [
  ["tag team/app:deleted", { wanted: tag("sha256:a") }],
  ["tag team/app:moved", { wanted: tag("sha256:a"), present: tag("sha256:b") }],
  ["tag team/app:later", { present: tag("sha256:b") }],
  ["tag team/app:again", { wanted: tag("sha256:a"), changedSince: true }],
  ["tag team/app:fixed", { wanted: tag("sha256:a"), present: tag("sha256:b") }],
  ["tag team/app:released", { wanted: tag("sha256:a") }],
  ["tag team/app:lost", { wanted: tag("sha256:lost") }],
  ["manifest team/app@sha256:lost", { wanted: { size: 1 } }],
  ["manifest team/app@sha256:later", { present: { size: 1 } }],
  ["tag gone/app:v1", { wanted: tag("sha256:a") }],
  ["repository team/app", { wanted: { description: "" }, present: { description: "new" } }],
  ["project team", { wanted: { owner: "ann" } }],
  ["member team/ann", { wanted: { username: "ann" } }],
  ["member team/eve", { wanted: { username: "eve" } }],
  ["policy push", { wanted: { endpoint: "away" } }],
  ["policy pull", { wanted: { endpoint: "there" } }],
  ["account ann", { present: { username: "ann" } }],
  ["robot team/ci", { wanted: { name: "ci" } }],
];

const differences = CASES.map(([name, difference]): Difference => {
  const [kind, key] = name.split(" ") as [string, string];
  return { kind, key, wanted: null, present: null, changedSince: false, ...difference };
});

test("what becomes of each name, as the golden file has it", async () => {
  const tables = [{}, { keepNewer: true }, { force: true }].map((request) => {
    const rows = planRestore(differences, FACTS, request).map(
      ({ kind, key, verdict, why }) =>
        `${verdict.padEnd(8)} ${kind} ${key}${why ? `: ${why}` : ""}`,
    );
    return [`${JSON.stringify(request)}`, ...rows, ""].join("\n");
  });
  const found = tables.join("\n");
  if (process.env["UPDATE_GOLDEN"]) await writeFile(GOLDEN, found);
  expect(found).toBe(await readFile(GOLDEN, "utf8").catch(() => ""));
});
