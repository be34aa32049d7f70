import { readFileSync } from "node:fs";
import { join } from "node:path";
import { routes } from "@entrepot/api";
import type { JournalKind } from "@entrepot/catalog";
import { AUDIT_OPERATIONS } from "@entrepot/events";
import { expect, test } from "vitest";

/*
 * Whatever the server writes into the audit log, the portal has words for, in both languages: the
 * kinds of names of the journal, the first parts of the API's paths, and what else is told of.
 */

const KINDS: Readonly<Record<JournalKind, true>> = {
  access_token: true,
  account: true,
  artifact_label: true,
  conflict: true,
  endpoint: true,
  immutable: true,
  label: true,
  manifest: true,
  member: true,
  policy: true,
  project: true,
  quota: true,
  repository: true,
  retention: true,
  robot: true,
  setting: true,
  tag: true,
  user_group: true,
  webhook: true,
};
const kinds = Object.keys(KINDS);
const parts = Object.values(routes)
  .flatMap((room) => Object.values(room as Record<string, { readonly path: string }>))
  .flatMap(({ path }) => /^\/api\/v2\.0\/([\w-]+)/.exec(path)?.[1] ?? []);
/** Of logins, pulls and the log itself; see audit-notes.ts and purge.ts. */
const others = ["login", "session", "token", "artifact", "audit", "repository"];

test.each(["en", "zh"])("every code of the audit log has words (%s)", (language) => {
  const audit = textsOf(language, "audit");
  const types = [...new Set([...kinds, ...parts, ...others])];
  const wanted = [
    ...AUDIT_OPERATIONS.map((code) => `op.${code}`),
    ...types.map((of) => `type.${of}`),
  ];
  expect(wanted.filter((key) => !audit[key])).toEqual([]);
  const known = new Set(wanted);
  const coded = Object.keys(audit).filter((key) => /^(?:op|type)\./.test(key));
  expect(coded.filter((key) => !known.has(key))).toEqual([]);
});

test.each(["en", "zh"])(
  "kinds of names are called the same in plans and in the log (%s)",
  (language) => {
    const [audit, plans] = [textsOf(language, "audit"), textsOf(language, "restore")];
    const said = (texts: Readonly<Record<string, string>>, prefix: string) =>
      Object.fromEntries(kinds.map((kind) => [kind, texts[`${prefix}.${kind}`]]));
    expect(said(plans, "kind")).toEqual(said(audit, "type"));
  },
);

function textsOf(language: string, area: string): Readonly<Record<string, string>> {
  const folder = join(import.meta.dirname, "../../apps/portal/texts");
  return JSON.parse(readFileSync(join(folder, language, `${area}.json`), "utf8"));
}
