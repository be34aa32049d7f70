import { expect, test } from "vitest";
import { asText, EMPTY_TAIL, grown, type LogLine, read } from "./log-lines.ts";

const line = (id: number): LogLine => ({
  id,
  time: "2026-01-02T03:04:05Z",
  level: "info",
  text: "t",
});

test("a log keeps its newest lines and counts those that it has let go", () => {
  let tail = EMPTY_TAIL;
  for (let id = 1; id <= 25; id += 5) {
    tail = grown(
      tail,
      [0, 1, 2, 3, 4].map((n) => line(id + n)),
      10,
    );
    expect(tail.lines.length + tail.dropped).toBe(id + 4);
  }
  expect(tail.lines.map(({ id }) => id)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
});

test.each([
  ["line", JSON.stringify(line(7)), { line: line(7) }],
  ["end", '{"status":"Success"}', { ended: "Success" }],
  ["message", "whatever comes one day", null],
])("the event %s is read", (event, data, expected) => {
  expect(read({ event, id: "", data })).toEqual(expected);
});

test("a line is copied as it stands in the log", () => {
  expect(asText(line(1))).toBe("2026-01-02T03:04:05Z [info] t");
});
