import type { Bench } from "./bench.ts";
import { type Figure, MB } from "./figure.ts";
import type { Pair } from "./peers.ts";
import { memoryBelow, memoryOf } from "./process-tree.ts";

/** How often PostgreSQL is looked at; its processes share memory, so no peak is kept for us. */
const EVERY_MS = 1_000;

/** Follows how much memory a pair uses. */
export interface MemoryWatch {
  /** The peaks since the pair was started; `doing` says at what. Ends the watch. */
  figures(doing: string): Figure[];
}

/** Watches `pair` from now on. */
export function watchMemory(bench: Bench, { entrepot, dockerRegistry }: Pair): MemoryWatch {
  let databasePeak = 0;
  const look = () => (databasePeak = Math.max(databasePeak, memoryBelow(entrepot.pid)));
  const timer = setInterval(look, EVERY_MS);
  const stop = bench.cleanup.add(() => clearInterval(timer));

  function figures(doing: string): Figure[] {
    look();
    void stop();
    const peak = (pid: number) => memoryOf(pid).peakBytes / MB;
    const common = { unit: "MB", better: "less", goal: null } as const;
    return [
      {
        ...common,
        what: `peak memory of the server, ${doing}`,
        entrepot: [peak(entrepot.pid)],
        other: dockerRegistry && { name: dockerRegistry.name, samples: [peak(dockerRegistry.pid)] },
      },
      {
        ...common,
        what: `peak memory of PostgreSQL, ${doing}`,
        entrepot: [databasePeak / MB],
        other: null,
      },
    ];
  }

  return { figures };
}
