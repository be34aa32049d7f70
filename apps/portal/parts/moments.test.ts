import { expect, test } from "vitest";
import { fromLocalField, isMoment, momentComponent, seqOf, toLocalField } from "./moments.ts";

test.each([
  ["2026-01-31T14:03:00.120Z", "2026-01-31t14.03.00.120z"],
  ["2026-01-31T14:03:00+01:00", "2026-01-31t13.03.00.000z"],
  ["seq:1234", "seq-1234"],
])("%s in a repository's name is %s", (moment, component) => {
  expect(momentComponent(moment)).toBe(component);
});

test.each<[unknown, boolean]>([
  ["2026-01-31T14:03:00Z", true],
  ["seq:0", true],
  ["seq:", false],
  ["yesterday", false],
  ["2026-13-31T14:03:00Z", false],
  [undefined, false],
  [7, false],
])("whether %s is a moment: %s", (value, expected) => {
  expect(isMoment(value)).toBe(expected);
});

test("a seq is read, a time has none", () => {
  expect(seqOf("seq:12")).toBe(12);
  expect(seqOf("2026-01-31T14:03:00Z")).toBeNull();
});

test("a local time goes into its field and back", () => {
  const time = new Date("2026-07-01T09:05:07Z");
  expect(fromLocalField(toLocalField(time))).toBe(time.toISOString());
  expect(fromLocalField("")).toBeNull();
});
