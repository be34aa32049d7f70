import type { DiffLine } from "@entrepot/api";
import { useEffect, useRef, useState } from "react";
import { api, routes } from "../../api.ts";
import { compared, type Comparison, NOT_COMPARED } from "./compare-state.ts";

const SHOW_MS = 200;

/** Compares both sides of a policy when told to. It ends with the page, or when stopped. */
export function useCompare(policyId: number) {
  const [state, setState] = useState(NOT_COMPARED);
  const control = useRef<AbortController | null>(null);
  useEffect(() => () => control.current?.abort(), [policyId]);
  return {
    state,
    start(equal: boolean) {
      control.current?.abort();
      const abort = new AbortController();
      control.current = abort;
      setState({ ...NOT_COMPARED, phase: "running" });
      void told(policyId, equal, setState, abort.signal);
    },
    stop() {
      control.current?.abort();
      setState((now) => ({ ...now, phase: "stopped" }));
    },
  };
}

async function told(
  policyId: number,
  equal: boolean,
  show: (change: (before: Comparison) => Comparison) => void,
  signal: AbortSignal,
): Promise<void> {
  let waiting: DiffLine[] = [];
  let shownAt = Date.now();
  const flush = () => {
    const lines = waiting;
    [waiting, shownAt] = [[], Date.now()];
    if (!signal.aborted) show((before) => compared(before, lines));
  };
  const asked = { params: { id: policyId }, query: { equal }, signal };
  try {
    for await (const line of api.lines(routes.standing.diff, asked)) {
      waiting.push(line);
      if (Date.now() - shownAt >= SHOW_MS) flush();
    }
    flush();
    if (!signal.aborted)
      show((now) => (now.phase === "running" ? { ...now, phase: "failed" } : now));
  } catch (error) {
    if (signal.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    show((now) => ({ ...now, phase: "failed", why }));
  }
}
