import type { ServerEvent } from "@entrepot/api/client";

/** A line of a task's log. */
export interface LogLine {
  readonly id: number;
  readonly time: string;
  readonly level: string;
  readonly text: string;
}

/** What is shown of a log: the newest lines, and how many older ones are no longer kept here. */
export interface LogTail {
  readonly lines: readonly LogLine[];
  readonly dropped: number;
}

/** A log of which nothing is known yet. */
export const EMPTY_TAIL: LogTail = { lines: [], dropped: 0 };

/** Lines that a page keeps at most. */
const MOST_LINES = 2_000;

/** `tail` with `more` lines after it; the oldest go where there are too many. */
export function grown(tail: LogTail, more: readonly LogLine[], most = MOST_LINES): LogTail {
  const all = [...tail.lines, ...more];
  const surplus = Math.max(0, all.length - most);
  return { lines: all.slice(surplus), dropped: tail.dropped + surplus };
}

/** A line as it stands in a downloaded log. */
export const asText = ({ time, level, text }: LogLine): string => `${time} [${level}] ${text}`;

/** What an event of a followed log says: a line, how the task ended, or nothing of interest. */
export function read(event: ServerEvent): { line: LogLine } | { ended: string } | null {
  if (event.event === "line") return { line: JSON.parse(event.data) as LogLine };
  if (event.event !== "end") return null;
  return { ended: (JSON.parse(event.data) as { status: string }).status };
}
