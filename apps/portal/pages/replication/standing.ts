import type { PolicyLag } from "@entrepot/api";

/** How a policy stands, in one word. */
export type Standing = "level" | "behind" | "failing" | "paused";

/** How a policy stands. A paused one is paused, whatever it lacks, unless something fails. */
export function standingOf(lag: PolicyLag): Standing {
  if (lag.lag_failing > 0) return "failing";
  if (!lag.enabled) return "paused";
  return lag.lag_items > 0 || lag.lag_deletions > 0 ? "behind" : "level";
}
