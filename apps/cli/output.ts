import { counted, formatBytes, formatTime, shortDigest } from "./format.ts";
import { type Column, formatFields, formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** In which form things are shown: for people, for scripts, or only what they are called. */
export type OutputForm = "table" | "json" | "name";

/** How values are written for people. */
export interface Format {
  /** A point in time; empty if there is none. */
  time(time: string | null | undefined): string;
  /** A size; empty if it is not known. */
  bytes(bytes: number | undefined): string;
  /** A digest: whole, except in a list on a terminal; empty if there is none. */
  digest(digest: string | null): string;
}

/** How things of one kind are shown. */
export interface View<T> {
  readonly name: (item: T) => string;
  readonly columns: (format: Format) => readonly Column<T>[];
  /** More about one item than its columns say. */
  readonly details?: (item: T, format: Format) => readonly (readonly [string, string])[];
  /** Lines under an item of a list: what is too long for a column. */
  readonly below?: (item: T) => readonly string[];
}

/** Shows what a command found or did. */
export interface Output {
  readonly form: OutputForm;
  readonly format: Format;
  /** Shows a list, at most `limit` items (0: all); says on standard error if there are more. */
  list<T>(items: AsyncIterable<T> | Iterable<T>, view: View<T>, limit: number): Promise<void>;
  /** Shows one thing. */
  one<T>(item: T, view: View<T>): void;
  /** Says what was done; for scripts shows what is there now instead, if `after` tells. */
  done<T>(text: string, after?: { read: () => Promise<T>; view: View<T> }): Promise<void>;
}

/** Shows things on `terminal`. */
export function openOutput(terminal: Terminal, form: OutputForm, utc: boolean): Output {
  const format: Format = {
    time: (time) => formatTime(time, utc),
    bytes: (bytes) => (bytes === undefined ? "" : formatBytes(bytes)),
    digest: (digest) => digest ?? "",
  };
  const listFormat: Format = {
    ...format,
    digest: (digest) => (terminal.columns === null ? (digest ?? "") : shortDigest(digest ?? "")),
  };
  const json = (value: unknown) => terminal.write(`${JSON.stringify(value, null, 2)}\n`);

  const one: Output["one"] = (item, view) => {
    if (form === "json") return json(item);
    if (form === "name") return terminal.write(`${view.name(item)}\n`);
    const columns = view.columns(format).map(({ title, value }) => [title, value(item)] as const);
    terminal.write(formatFields([...columns, ...(view.details?.(item, format) ?? [])]));
  };

  return {
    form,
    format,
    one,
    async list(items, view, limit) {
      const { shown, more } = await firstOf(items, limit);
      if (form === "json") json(shown);
      else if (form === "name")
        terminal.write(shown.map((item) => `${view.name(item)}\n`).join(""));
      else
        terminal.write(formatTable(shown, view.columns(listFormat), terminal.columns, view.below));
      if (more) terminal.note(`${counted(limit, "row")} shown; there are more: see --limit`);
    },
    async done(text, after) {
      if (form === "table") terminal.write(`${text}\n`);
      else if (after) one(await after.read(), after.view);
    },
  };
}

async function firstOf<T>(items: AsyncIterable<T> | Iterable<T>, limit: number) {
  const shown: T[] = [];
  for await (const item of items) {
    if (limit > 0 && shown.length === limit) return { shown, more: true };
    shown.push(item);
  }
  return { shown, more: false };
}
