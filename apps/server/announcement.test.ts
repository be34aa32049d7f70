import { expect, test } from "vitest";
import { announcementOf, isShown } from "./announcement.ts";

test.each([
  ["", null],
  ["  ", null],
  [
    '{"message":"Down at noon","message_zh":"中午停机","type":"warning","closable":false}',
    { message: "Down at noon", messageZh: "中午停机", severity: "warning", closable: false },
  ],
  ['{"message":"Hello"}', { messageZh: "", severity: "info", closable: true, from: null }],
])("%s is an announcement", (text, expected) => {
  const found = announcementOf(text);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toMatchObject(expected);
});

test.each([
  ["Down at noon", /JSON object/],
  ["[]", /JSON object/],
  ["null", /JSON object/],
  ["{}", /message is needed/],
  ['{"message":1}', /message is needed/],
  ['{"message":"a","type":"loud"}', /type is one of/],
  ['{"message":"a","closable":"yes"}', /closable/],
  ['{"message":"a","fromDate":"soon"}', /fromDate is not a time/],
  ['{"message":"a","fromDate":"2026-01-02","toDate":"2026-01-01"}', /not after/],
  ['{"message":"a","colour":"red"}', /no field "colour"/],
])("%s is none", (text, why) => {
  expect(() => announcementOf(text)).toThrow(why);
});

test("it is shown from its first moment up to its last", () => {
  const text = '{"message":"a","fromDate":"2026-01-02T00:00:00Z","toDate":"2026-01-03T00:00:00Z"}';
  const found = announcementOf(text)!;
  const shownAt = (time: string) => isShown(found, Date.parse(time));
  expect(
    ["2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"].map(shownAt),
  ).toEqual([false, true, false]);
});
