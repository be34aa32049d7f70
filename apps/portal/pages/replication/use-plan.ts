import type { PlanLine } from "@entrepot/api";
import { useEffect, useState } from "react";
import { ASKING, heard, IDLE, type PlanState } from "./plan-state.ts";

/** How long nothing must have changed before a plan is asked for. */
const QUIET_MS = 500;
/** Lines are shown this often at most. */
const SHOW_MS = 150;

/**
 * A plan, made again whenever `key` changes and has not changed for a moment; `ask` opens it. No
 * plan is asked for while `key` is null. `stop` ends it where it is.
 */
export function usePlan(
  key: string | null,
  ask: (signal: AbortSignal) => AsyncIterable<PlanLine>,
): { readonly plan: PlanState; readonly stop: () => void; readonly again: () => void } {
  const [plan, setPlan] = useState(IDLE);
  const [turn, setTurn] = useState(0);
  const [control, setControl] = useState<AbortController | null>(null);
  useEffect(() => {
    setPlan(key === null ? IDLE : ASKING);
    if (key === null) return undefined;
    const abort = new AbortController();
    setControl(abort);
    const timer = setTimeout(() => void told(ask(abort.signal), setPlan, abort.signal), QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
    // What `ask` asks for is what `key` says.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [key, turn]);
  const stop = () => {
    control?.abort();
    setPlan((now) => ({ ...now, phase: "idle" }));
  };
  return { plan, stop, again: () => setTurn((n) => n + 1) };
}

async function told(
  lines: AsyncIterable<PlanLine>,
  show: (plan: PlanState) => void,
  signal: AbortSignal,
): Promise<void> {
  let plan = ASKING;
  let shownAt = 0;
  try {
    for await (const line of lines) {
      plan = heard(plan, line);
      if (signal.aborted) return;
      if (Date.now() - shownAt < SHOW_MS && plan.phase === "asking") continue;
      shownAt = Date.now();
      show(plan);
    }
    if (plan.phase === "asking") show({ ...plan, phase: "failed" });
  } catch (error) {
    if (signal.aborted) return;
    show({ ...plan, phase: "failed", why: error instanceof Error ? error.message : String(error) });
  }
}
