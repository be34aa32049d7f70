import { expect, test } from "vitest";
import { filterOf } from "./audit-filter.ts";

test("nothing asked is no filter", () => expect(filterOf({})).toBe(""));

test("terms are joined, and none can break out of its own", () => {
  expect(filterOf({ kind: "login", who: "mia,kind=pull" })).toBe(
    "kind=login,username=~mia kind pull",
  );
});

test("days are whole days of the reader, a missing end is open", () => {
  const start = new Date("2026-01-31T00:00:00").toISOString();
  const end = new Date("2026-01-31T23:59:59.999").toISOString();
  expect(filterOf({ from: "2026-01-31", until: "2026-01-31" })).toBe(`op_time=[${start}~${end}]`);
  expect(filterOf({ from: "2026-01-31" })).toBe(`op_time=[${start}~]`);
  expect(filterOf({ from: "rubbish" })).toBe("op_time=[~]");
});
