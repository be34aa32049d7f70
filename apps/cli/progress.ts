import { counted, formatBytes } from "./format.ts";
import type { Terminal } from "./terminal.ts";

/** How far a run is. */
export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  readonly bytesSent: number;
  /** Null if it is not known of every task. */
  readonly bytesTotal: number | null;
}

/** Shows progress as it goes. */
export interface ProgressLine {
  show(progress: Progress): void;
  /** A line that stays, above the progress. */
  note(line: string): void;
  /** Takes the line away from a terminal. */
  clear(): void;
}

/** How long a rate looks back. */
const WINDOW_MS = 5000;
/** How often lines come where they cannot be overwritten. */
const LINE_MS = 5000;

/**
 * Progress on standard error: one line that is overwritten on a terminal; elsewhere a line when
 * tasks were done, at most every 5 s.
 */
export function progressLine(terminal: Terminal, clock = performance.now.bind(performance)) {
  const samples: { at: number; bytes: number }[] = [];
  let printed = { at: -Infinity, done: -1 };

  const rateAt = (at: number, bytes: number): number => {
    samples.push({ at, bytes });
    while (samples.length > 2 && at - (samples[1]?.at ?? at) > WINDOW_MS) samples.shift();
    const [first] = samples;
    return first && at > first.at ? ((bytes - first.bytes) * 1000) / (at - first.at) : 0;
  };
  const clear = () => {
    if (terminal.errorColumns !== null) terminal.writeError("\r\u001b[K");
  };

  const line: ProgressLine = {
    show(progress) {
      const at = clock();
      const text = progressText(progress, rateAt(at, progress.bytesSent));
      if (terminal.errorColumns !== null) {
        terminal.writeError(`\r${text.slice(0, terminal.errorColumns - 1)}\u001b[K`);
        return;
      }
      const done = progress.done + progress.failed;
      if (done === printed.done || at - printed.at < LINE_MS) return;
      printed = { at, done };
      terminal.note(text);
    },
    note(text) {
      clear();
      terminal.note(text);
    },
    clear,
  };
  return line;
}

/** `3/12 tasks, 1 failed, 1.5 MiB of 12 MiB, 2.0 MiB/s`. */
export function progressText(progress: Progress, bytesPerSecond: number): string {
  const { done, failed, total, bytesSent, bytesTotal } = progress;
  const parts = [`${done}/${counted(total, "task")}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (bytesSent > 0) {
    const of = bytesTotal === null ? "" : ` of ${formatBytes(bytesTotal)}`;
    parts.push(`${formatBytes(bytesSent)}${of}`, `${formatBytes(Math.max(0, bytesPerSecond))}/s`);
  }
  return parts.join(", ");
}
