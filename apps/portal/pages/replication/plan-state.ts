import type { PlanCounts, PlanItem, PlanLine, PlanSum } from "@entrepot/api";

/** A plan as far as it has come. */
export interface PlanState {
  readonly phase: "idle" | "asking" | "done" | "failed";
  /** Names compared so far. */
  readonly compared: number;
  readonly counts: PlanCounts | null;
  readonly items: readonly PlanItem[];
  readonly sum: PlanSum | null;
  readonly why: string;
}

/** Nothing was asked yet. */
export const IDLE: PlanState = {
  phase: "idle",
  compared: 0,
  counts: null,
  items: [],
  sum: null,
  why: "",
};

/** Asked, and nothing heard yet. */
export const ASKING: PlanState = { ...IDLE, phase: "asking" };

/** `plan` with one more line of it. */
export function heard(plan: PlanState, line: PlanLine): PlanState {
  switch (line.type) {
    case "item": {
      const { type: _, ...item } = line;
      return { ...plan, items: [...plan.items, item] };
    }
    case "progress":
      return { ...plan, compared: line.compared, counts: line.counts };
    case "end": {
      const { type: _, ...sum } = line;
      return { ...plan, phase: "done", counts: sum.counts, sum };
    }
    case "error":
      return { ...plan, phase: "failed", why: line.message };
  }
}

/** Names that the policy selects, whatever becomes of them. */
export function matching(counts: PlanCounts): number {
  return Object.entries(counts)
    .filter(([verdict]) => verdict !== "delete")
    .reduce((sum, [, count]) => sum + count, 0);
}
