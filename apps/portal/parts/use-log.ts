import type { Reply } from "@entrepot/api/client";
import { useEffect, useState } from "react";
import type { ServerEvent } from "@entrepot/api/client";
import { EMPTY_TAIL, grown, type LogLine, type LogTail, read } from "./log-lines.ts";

/** Where a log comes from. */
export interface LogSource {
  /** What tells it from other logs; also the name of a downloaded file. */
  readonly name: string;
  /** Its lines after `after`, as they come. */
  follow(after: number, signal: AbortSignal): AsyncIterable<ServerEvent>;
  /** Its lines after `after` as text, the last one's id in `X-Log-Last`. */
  text(after: number): Promise<Reply<string>>;
}

/** A log as far as it has come. */
export interface FollowedLog {
  readonly tail: LogTail;
  /** How the task ended; null while it runs. */
  readonly ended: string | null;
  /** Why the server refuses it; null if it does not. */
  readonly refused: unknown;
  /** The line was cut off; it is being asked for again. */
  readonly cut: boolean;
}

const NOTHING: FollowedLog = { tail: EMPTY_TAIL, ended: null, refused: null, cut: false };

/** Lines are shown this often at most, however fast they come. */
const SHOW_MS = 150;
const AGAIN_MS = 2_000;

/** Follows `source` from its first line on; after a cut it goes on where it was. */
export function useLog(source: LogSource): FollowedLog {
  const [log, setLog] = useState(NOTHING);
  const { name } = source;
  useEffect(() => {
    setLog(NOTHING);
    const stop = new AbortController();
    void followed(source, setLog, stop.signal);
    return () => stop.abort();
    // A source is told apart by its name: it is made anew on every drawing.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [name]);
  return log;
}

type Show = (change: (log: FollowedLog) => FollowedLog) => void;

async function followed(source: LogSource, show: Show, signal: AbortSignal): Promise<void> {
  let last = 0;
  let waiting: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    const more = waiting;
    [waiting, timer] = [[], undefined];
    if (!signal.aborted) show((log) => ({ ...log, tail: grown(log.tail, more), cut: false }));
  };
  while (!signal.aborted) {
    try {
      for await (const event of source.follow(last, signal)) {
        const said = read(event);
        if (said === null) continue;
        if ("ended" in said) {
          clearTimeout(timer);
          flush();
          return show((log) => ({ ...log, ended: said.ended }));
        }
        waiting.push(said.line);
        last = said.line.id;
        timer ??= setTimeout(flush, SHOW_MS);
      }
    } catch (error) {
      if (signal.aborted) return;
      if ((error as { code?: string }).code !== "UNREACHABLE") {
        return show((log) => ({ ...log, refused: error }));
      }
    }
    if (signal.aborted) return;
    show((log) => ({ ...log, cut: true }));
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

/** Requests for one download at most, 10,000 lines each. */
const MOST_PARTS = 200;

/** All of `source`, however long, as a file. */
export async function wholeLog(source: LogSource): Promise<Blob> {
  const parts: string[] = [];
  let after = 0;
  while (parts.length < MOST_PARTS) {
    const { body, headers } = await source.text(after);
    const last = Number(headers.get("x-log-last"));
    if (!body || last <= after) break;
    parts.push(body);
    after = last;
  }
  return new Blob(parts, { type: "text/plain" });
}
