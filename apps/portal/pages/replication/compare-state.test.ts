import { expect, test } from "vitest";
import { compared, type Difference, MOST_KEPT, NOT_COMPARED } from "./compare-state.ts";

const entry = (state: Difference["state"], n = 1): Difference => ({
  type: "entry",
  state,
  repository: "library/web",
  reference: `v${n}`,
  target: "library/web",
  at_source: null,
  at_target: null,
  subject: null,
});
const running = { ...NOT_COMPARED, phase: "running" as const };

test("what differs is counted as it comes, and the end knows it all", () => {
  const half = compared(running, [entry("missing"), entry("extra"), entry("missing", 2)]);
  expect(half).toMatchObject({ phase: "running", counts: { missing: 2, extra: 1 } });
  expect(compared(half, [{ type: "progress", compared: 400, repository: "a/b" }])).toMatchObject({
    compared: 400,
    at: "a/b",
  });
  const counts = { equal: 500, missing: 2, extra: 1, different: 0, unreferenced: 0 };
  const whole = compared(half, [{ type: "end", counts }]);
  expect(whole).toMatchObject({ phase: "done", compared: 503, counts });
  expect(whole.entries).toHaveLength(3);
});

test("a page keeps a bounded number of names, and counts the others", () => {
  const lines = Array.from({ length: MOST_KEPT + 5 }, (_, n) => entry("missing", n));
  const much = compared(running, lines);
  expect(much.entries).toHaveLength(MOST_KEPT);
  expect(much.counts).toEqual({ missing: MOST_KEPT + 5 });
});

test("a comparison that breaks off says why", () => {
  const line = { type: "error" as const, code: "UNREACHABLE", message: "gone" };
  expect(compared(running, [line])).toMatchObject({ phase: "failed", why: "gone" });
});
