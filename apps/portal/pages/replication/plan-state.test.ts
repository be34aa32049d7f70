import type { PlanLine } from "@entrepot/api";
import { expect, test } from "vitest";
import { ASKING, heard, matching } from "./plan-state.ts";

const counts = { copy: 1, overwrite: 0, conflict: 0, equal: 2, keep: 0, returning: 0, delete: 4 };
const item = {
  verdict: "copy" as const,
  src_resource: "library/web:1",
  dst_resource: "library/web:1",
  at_source: "sha256:a",
  at_target: null,
};
const sum = {
  counts,
  bytes_to_send: 10,
  bytes_there: 0,
  bytes_mountable: 0,
  partial: false,
  artifacts_left_out: 0,
  deletions_held: 0,
};

test("a plan grows line by line and ends with its sum", () => {
  const lines: PlanLine[] = [
    { type: "item", ...item },
    { type: "progress", compared: 3, counts },
    { type: "end", ...sum },
  ];
  const plan = lines.reduce(heard, ASKING);
  expect(plan).toMatchObject({ phase: "done", compared: 3, items: [item], sum });
  expect(plan.items[0]).not.toHaveProperty("type");
});

test("what breaks off says why, and keeps what was heard", () => {
  const broken = heard(heard(ASKING, { type: "item", ...item }), {
    type: "error",
    code: "UNREACHABLE",
    message: "gone",
  });
  expect(broken).toMatchObject({ phase: "failed", why: "gone", items: [item] });
});

test("what matches is all but what is only deleted", () => {
  expect(matching(counts)).toBe(3);
});
