import type { ChangeEvent, ExecutionEvent } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { areasOfChange, areasOfExecution } from "./live-areas.ts";
import { session } from "./session.ts";

const PATH = "/api/v2.0/events/stream";
/** Changes come in flocks: a push makes several. What they touch is asked again once. */
const GATHER_MS = 250;
/** From a refusal until it is tried anew: what was refused once may be let in later. */
const AGAIN_MS = 10_000;

/**
 * Keeps what is shown as it is at the server: while the page is open, data of the areas that
 * something happens in is asked again. The browser connects anew by itself, and goes on where it
 * was; after a gap everything that is shown is asked again. Where it is refused, the session may
 * have ended elsewhere, which is found out at once.
 */
export function useLive(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const areas = new Set<string>();
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let wasReady = false;
    let wasRefused = false;

    const refresh = (touched: readonly string[]) => {
      for (const area of touched) areas.add(area);
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const area of areas) void queries.invalidateQueries({ queryKey: [area] });
        areas.clear();
      }, GATHER_MS);
    };
    const follow = () => {
      source = new EventSource(PATH);
      const on = (name: string, hear: (data: string) => void) =>
        source.addEventListener(name, (event) => hear((event as MessageEvent<string>).data));
      on("change", (data) => refresh(areasOfChange(JSON.parse(data) as ChangeEvent)));
      on("execution", (data) => refresh(areasOfExecution(JSON.parse(data) as ExecutionEvent)));
      on("reset", () => void queries.invalidateQueries());
      on("ready", () => {
        // Executions are told as they happen only: those of the gap have been missed.
        if (wasRefused) void queries.invalidateQueries();
        else if (wasReady) refresh(areasOfExecution({ vendor: "REPLICATION" }));
        [wasReady, wasRefused] = [true, false];
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return;
        wasRefused = true;
        void queries.invalidateQueries({ queryKey: session.queryKey });
        again = setTimeout(follow, AGAIN_MS);
      });
    };
    follow();
    return () => {
      clearTimeout(timer);
      clearTimeout(again);
      source.close();
    };
  }, [queries]);
}
