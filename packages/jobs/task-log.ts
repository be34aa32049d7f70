import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { jsonText } from "./json-text.ts";

/** Bytes kept of one task's log; after them one line says that the rest is left out. */
const MAX_LOG_BYTES = 10 << 20;
/** What a line takes up beside its text, in bytes. */
const LINE_BYTES = 48;
/** Characters kept of one line. */
const MAX_LINE_LENGTH = 4_000;
/** Lines in one insert. */
const BATCH = 1_000;
const FLUSH_MS = 250;

/** Writes log lines of this process's tasks, in batches, in order. */
export interface TaskLog {
  /** The log of one task, of which `bytes` are there already. */
  of(taskId: number, bytes: number): OneLog;
  /** Resolves when everything so far is stored; rejects if it cannot be, and keeps it. */
  flush(): Promise<void>;
  /** Flushes, as far as the database is there, and ends. */
  close(): Promise<void>;
}

/** The log of one task, for one attempt. */
export interface OneLog {
  /** Adds a line; what is beyond MAX_LOG_BYTES is left out, and one line says so. */
  add(level: "info" | "warn" | "error", text: string): void;
  /** What it takes up by now, earlier attempts included. */
  bytes(): number;
}

interface Line {
  readonly taskId: number;
  readonly at: string;
  readonly level: string;
  readonly text: string;
}

/** A `TaskLog` on `db`. Lines wait at most 250 ms, longer only while the database is away. */
export function openTaskLog(db: Kysely<Database>, clock: () => Date): TaskLog {
  let waiting: Line[] = [];
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  const writeAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      await insertLines(db, batch);
      waiting = waiting.slice(batch.length);
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return last;
    const next = last.catch(() => {}).then(writeAll);
    last = next.catch(() => {});
    return next;
  };
  const flushLater = () => {
    timer ??= setTimeout(() => flush().catch(flushLater), FLUSH_MS);
  };

  return {
    of: (taskId, begun) => {
      let bytes = begun;
      const put = (level: string, text: string) => {
        waiting.push({ taskId, at: clock().toISOString(), level, text });
        flushLater();
      };
      return {
        bytes: () => bytes,
        add: (level, given) => {
          if (bytes >= MAX_LOG_BYTES) return;
          const text = fitting(given);
          bytes += Buffer.byteLength(text) + LINE_BYTES;
          if (bytes < MAX_LOG_BYTES) return put(level, text);
          bytes = MAX_LOG_BYTES;
          put("warn", `This log is full (${MAX_LOG_BYTES >> 20} MiB): what follows is left out.`);
        },
      };
    },
    flush,
    close: async () => {
      await flush().catch(() => {});
      clearTimeout(timer);
    },
  };
}

function fitting(text: string): string {
  return text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)} …` : text;
}

async function insertLines(db: Kysely<Database>, lines: readonly Line[]): Promise<void> {
  // The join leaves out lines of tasks that have been swept away in the meantime.
  await sql`
    INSERT INTO task_log (task_id, at, level, text)
    SELECT task.id, line.at, line.level, line.text
    FROM jsonb_array_elements(${jsonText(lines)}::jsonb) WITH ORDINALITY AS e (value, place),
      jsonb_to_record(e.value) AS line ("taskId" bigint, at timestamptz, level text, text text)
    JOIN task ON task.id = line."taskId"
    ORDER BY place
  `.execute(db);
}
