import type { JournalEntry } from "@entrepot/catalog";
import { expect, test } from "vitest";
import { eventsIn } from "./journal-events.ts";

const [A, B] = ["a", "b"].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];

function entries(...changes: [key: string, digest: string | null, cause?: string][]) {
  return changes.map(([key, digest, cause = "c"], i): JournalEntry => ({
    timeline: 1,
    seq: i + 10,
    at: new Date(0),
    origin: "here",
    originSeq: i + 10,
    path: [],
    actor: "ann",
    cause,
    kind: key.includes("@") ? "manifest" : "tag",
    key,
    after: digest === null ? null : { digest },
  }));
}

const NOTHING = { tags: new Map(), tagged: new Set<string>() };

test.each([
  {
    name: "a push of a new tag is a push of the tag, not of the digest as well",
    entries: entries([`p/r@${A}`, A], ["p/r:v1", A]),
    before: { ...NOTHING, tagged: new Set([`c p/r@${A}`]) },
    expected: [`PUSH_ARTIFACT v1=${A}`, `CREATE_TAG v1=${A}`],
  },
  {
    name: "a push by digest goes by its digest",
    entries: entries([`p/r@${A}`, A]),
    before: NOTHING,
    expected: [`PUSH_ARTIFACT ${A}=${A}`],
  },
  {
    name: "a tag that moves is pushed, not created",
    entries: entries(["p/r:v1", B]),
    before: { ...NOTHING, tags: new Map([["p/r:v1", A]]) },
    expected: [`PUSH_ARTIFACT v1=${B}`],
  },
  {
    name: "a tag that is deleted says what it named, and is new when it comes again",
    entries: entries(["p/r:v1", null], ["p/r:v1", B, "d"]),
    before: { ...NOTHING, tags: new Map([["p/r:v1", A]]) },
    expected: [`DELETE_TAG v1=${A}`, `PUSH_ARTIFACT v1=${B}`, `CREATE_TAG v1=${B}`],
  },
  {
    name: "an artifact that is deleted names all its tags that went with it, and no others",
    entries: entries(["p/r:v1", null], ["p/r:v2", null], ["p/r:x", null, "d"], [`p/r@${A}`, null]),
    before: {
      ...NOTHING,
      tags: new Map([
        ["p/r:v1", A],
        ["p/r:v2", A],
        ["p/r:x", A],
      ]),
    },
    expected: [
      `DELETE_TAG v1=${A}`,
      `DELETE_TAG v2=${A}`,
      `DELETE_TAG x=${A}`,
      `DELETE_ARTIFACT v1=${A} v2=${A}`,
    ],
  },
])("$name", ({ entries: given, before, expected }) => {
  const events = eventsIn(given, before);
  const shown = events.map(({ type, about }) => {
    const { resources } = about as unknown as { resources: { tag: string; digest: string }[] };
    return `${type} ${resources.map(({ tag, digest }) => `${tag}=${digest}`).join(" ")}`;
  });
  expect(shown).toEqual(expected);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(eventsIn(given, before)).toEqual(events);
});
