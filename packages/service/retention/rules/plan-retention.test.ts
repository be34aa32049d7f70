import { readFile, writeFile } from "node:fs/promises";
import { compileGlob } from "@entrepot/replication";
import { expect, test } from "vitest";
import { type Candidate, heldToShown, isAbout, planRetention } from "./plan-retention.ts";
import type { RetentionRule } from "./policy-settings.ts";

const DAY = 24 * 3_600_000;
const NOW = 1_000 * DAY;

/** An artifact pushed `days` ago. */
function one(digest: string, days: number, more: Partial<Candidate> = {}): Candidate {
  return {
    digest,
    tags: [digest],
    size: 100,
    pushedAt: NOW - days * DAY,
    pulledAt: null,
    children: [],
    subject: null,
    isPart: false,
    immutableTag: null,
    ...more,
  };
}

const ALL = { decoration: "matches", pattern: "**", untagged: true } as const;
const rule = (more: Partial<RetentionRule>): RetentionRule => ({
  disabled: false,
  template: "always",
  count: 0,
  tags: [ALL],
  repositories: [],
  ...more,
});
const keptOf = (rules: RetentionRule[], candidates: Candidate[]) =>
  planRetention(rules, candidates, NOW, compileGlob)
    .items.filter(({ verdict }) => verdict === "keep")
    .map(({ digest }) => digest)
    .toSorted()
    .join(" ");

const pulled = (digest: string, pushedDays: number, pulledDays: number) =>
  one(digest, pushedDays, { pulledAt: NOW - pulledDays * DAY });
const IMAGES = [pulled("a", 9, 1), one("b", 3), pulled("c", 20, 15), one("d", 1)];

test.each([
  ["the 2 newest pushed", [rule({ template: "latestPushedK", count: 2 })], "b d"],
  ["none, of 0", [rule({ template: "latestPushedK", count: 0 })], ""],
  ["more than there are", [rule({ template: "latestPushedK", count: 9 })], "a b c d"],
  ["the last pulled", [rule({ template: "latestPulledN", count: 1 })], "a"],
  [
    "who was never pulled comes last, newest first",
    [rule({ template: "latestPulledN", count: 3 })],
    "a c d",
  ],
  [
    "pushed within 9 days, to the very day",
    [rule({ template: "nDaysSinceLastPush", count: 9 })],
    "a b d",
  ],
  ["pulled within 14 days", [rule({ template: "nDaysSinceLastPull", count: 14 })], "a"],
  ["always", [rule({})], "a b c d"],
  [
    "whatever one of the rules keeps",
    [rule({ template: "latestPushedK", count: 1 }), rule({ template: "latestPulledN", count: 1 })],
    "a d",
  ],
  [
    "the newest of those selected",
    [rule({ template: "latestPushedK", count: 1, tags: [{ ...ALL, pattern: "{a,c}" }] })],
    "a",
  ],
  [
    "all but those excluded",
    [rule({ tags: [{ decoration: "excludes", pattern: "{a,c}", untagged: false }] })],
    "b d",
  ],
  [
    "both selectors",
    [
      rule({
        tags: [
          { ...ALL, pattern: "[a-c]" },
          { ...ALL, decoration: "excludes", pattern: "b" },
        ],
      }),
    ],
    "a c",
  ],
] as const)("keeps %s", (_, rules, kept) => {
  expect(keptOf([...rules], IMAGES)).toBe(kept);
});

test.each([
  ["matches", true, "u"],
  ["matches", false, ""],
  ["excludes", false, "u"],
  ["excludes", true, ""],
] as const)("untagged under %s, untagged %s", (decoration, untagged, kept) => {
  const tags = [{ decoration, pattern: "x", untagged }];
  expect(keptOf([rule({ tags })], [one("u", 5, { tags: [] })])).toBe(kept);
});

test("what has no tag yet may be part of a push: for ten minutes it stays", () => {
  const rules = [rule({ template: "latestPushedK", count: 0 })];
  const fresh = (minutes: number) => one("u", minutes / 1_440, { tags: [] });
  expect(keptOf(rules, [fresh(9)])).toBe("u");
  expect(keptOf(rules, [fresh(11)])).toBe("");
});

test.each([
  ["repoMatches", "app/*", "app/x", true],
  ["repoMatches", "app", "app/x", false],
  ["repoExcludes", "app", "app/x", true],
  ["repoExcludes", "**", "app/x", false],
  ["repoMatches", "", "anything", true],
] as const)("%s %j is about %s: %s", (decoration, pattern, name, about) => {
  const repositories = [{ decoration, pattern }];
  expect(isAbout(rule({ repositories }), name, compileGlob)).toBe(about);
  expect(isAbout(rule({ repositories, disabled: true }), name, compileGlob)).toBe(false);
});

test("what belongs to a kept one stays, the rest goes in an order in which it can", async () => {
  const part = (digest: string) => one(digest, 9, { tags: [], isPart: true });
  const candidates = [
    one("index-new", 1, { children: ["amd64", "shared"] }),
    one("index-old", 9, { children: ["arm64", "shared"] }),
    ...["amd64", "arm64", "shared"].map(part),
    one("signature-new", 1, { tags: [], subject: "index-new" }),
    one("signature-old", 9, { tags: [], subject: "index-old" }),
    one("sbom-of-signature", 9, { tags: [], subject: "signature-new" }),
    one("release", 30, { tags: ["v1", "stable"], immutableTag: "v1" }),
    one("named-part", 40, { tags: ["part"] }),
    one("index-of-index", 50, { tags: ["set"], children: ["index-old"] }),
    one("outer", 2, { children: ["named-part"] }),
  ];
  const rules = [rule({ template: "latestPushedK", count: 2 })];
  const { items, total, retained } = planRetention(rules, candidates, NOW, compileGlob);
  const lines = items.map(
    ({ verdict, digest, reason, counted }) =>
      `${verdict.padEnd(6)} ${digest.padEnd(17)} ${counted ? "counted" : "       "} ${reason}`,
  );
  const found = `${lines.join("\n")}\n${retained} of ${total} stay\n`;
  const golden = new URL("plan-retention.golden.txt", import.meta.url);
  if (process.env["UPDATE_GOLDEN"]) await writeFile(golden, found);
  expect(found).toBe(await readFile(golden, "utf8").catch(() => ""));
});

test("nothing goes but what was shown to go, as it was shown", () => {
  const rules = [rule({ template: "latestPushedK", count: 1 })];
  const then = [one("a", 5), one("b", 4), one("c", 3), one("d", 2), one("e", 1)];
  const shown = planRetention(rules, then, NOW, compileGlob);
  const since: Candidate[] = [
    one("a", 5),
    one("b", 4, { pulledAt: NOW + 1 }),
    one("c", 3, { tags: ["c", "also"] }),
    one("d", 0),
    one("e", 1),
    one("f", -1),
  ];
  const held = heldToShown(since, shown);
  const goes = (plan: ReturnType<typeof planRetention>) =>
    plan.items.filter(({ verdict }) => verdict === "delete").map(({ digest }) => digest);
  expect(goes(shown).toSorted()).toEqual(["a", "b", "c", "d"]);
  expect(goes(planRetention(rules, held, NOW, compileGlob))).toEqual(["a"]);
  // Its signature, too, stays with what stays.
  const signed = [...held, one("sig", 9, { subject: "b" })];
  expect(goes(planRetention(rules, signed, NOW, compileGlob))).toEqual(["a"]);
});
