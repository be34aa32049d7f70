import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { areasOfChange, areasOfExecution } from "./live-areas.ts";

const PORTS = join(import.meta.dirname, "../../packages/catalog/ports.ts");

test("every kind of name is in some area of data", () => {
  const text = readFileSync(PORTS, "utf8").replaceAll(/\/\*\*.*\*\//g, "");
  const union = /export type JournalKind =([^;]+);/.exec(text)?.[1] ?? "";
  const kinds = [...union.matchAll(/"(\w+)"/g)].map(([, kind]) => kind!);
  expect(kinds).toContain("tag");
  const without = kinds.filter((kind) => areasOfChange({ kind }).length < 3);
  expect(without).toEqual([]);
});

test.each([
  ["REPLICATION", "lag"],
  ["SOMETHING_NEW", "jobs"],
])("a run of %s refreshes %s", (vendor, area) =>
  expect(areasOfExecution({ vendor })).toContain(area),
);
