import type { DiffLine } from "@entrepot/api";

/** One name that differs, or all of them if asked for. */
export type Difference = Extract<DiffLine, { type: "entry" }>;

/** States of names, most pressing first. */
export const STATES = ["missing", "different", "extra", "unreferenced", "equal"] as const;

/** Differences that a page keeps at most; the counts are complete all the same. */
export const MOST_KEPT = 2_000;

/** A comparison as far as it has come. */
export interface Comparison {
  readonly phase: "idle" | "running" | "done" | "stopped" | "failed";
  readonly compared: number;
  /** The repository that is looked at. */
  readonly at: string;
  readonly entries: readonly Difference[];
  readonly counts: Readonly<Record<string, number>>;
  readonly why: string;
}

/** Nothing was compared yet. */
export const NOT_COMPARED: Comparison = {
  phase: "idle",
  compared: 0,
  at: "",
  entries: [],
  counts: {},
  why: "",
};

/** `before` with more lines; the counts are of what was seen, until the end tells them all. */
export function compared(before: Comparison, lines: readonly DiffLine[]): Comparison {
  let { phase, compared: count, at, counts, why } = before;
  const entries = [...before.entries];
  const seen: Record<string, number> = { ...counts };
  for (const line of lines) {
    if (line.type === "entry") {
      if (entries.length < MOST_KEPT) entries.push(line);
      seen[line.state] = (seen[line.state] ?? 0) + 1;
      at = line.repository;
    } else if (line.type === "progress") {
      [count, at] = [line.compared, line.repository];
    } else if (line.type === "end") {
      phase = "done";
      counts = line.counts;
      count = Object.values(line.counts).reduce((sum, n) => sum + n, 0);
    } else {
      [phase, why] = ["failed", line.message];
    }
  }
  return { phase, compared: count, at, entries, counts: phase === "done" ? counts : seen, why };
}
