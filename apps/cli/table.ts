import { printable } from "./printable.ts";

/** A column: its title, and what it shows of a row. */
export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  readonly align?: "right";
}

const GAP = "  ";
/** How narrow a column may become to make a table fit. */
const MIN_WIDTH = 8;

/**
 * Rows under their titles, aligned; each line ends with a newline, none in spaces. With a `width`
 * the widest columns are cut until the lines fit; null: nothing is cut. What `below` says of a row
 * stands under it, indented and whole.
 */
export function formatTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  width: number | null,
  below: (row: T) => readonly string[] = () => [],
): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ value }) => printable(value(row)))),
  ];
  const natural = columns.map((_, n) => Math.max(...cells.map((row) => lengthOf(row[n] ?? ""))));
  const widths = width === null ? natural : fitted(natural, width);
  const lines = cells.map((row) =>
    row.map((cell, n) => placed(cell, widths[n] ?? 0, columns[n]?.align)).join(GAP),
  );
  const under = (row: T) => below(row).map((text) => `${GAP}${printable(text)}`);
  return lines
    .flatMap((line, n) => [line, ...(n === 0 ? [] : under(rows[n - 1] as T))])
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Titles and values below each other, for one thing. */
export function formatFields(fields: readonly (readonly [title: string, value: string])[]): string {
  const width = Math.max(...fields.map(([title]) => title.length));
  return fields
    .map(([title, value]) => `${title.padEnd(width)}${GAP}${printable(value)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join("");
}

function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const room = width - GAP.length * (widths.length - 1);
  for (let over = sum(widths) - room; over > 0; over = sum(widths) - room) {
    const widest = Math.max(...widths);
    if (widest <= MIN_WIDTH) break;
    const at = widths.lastIndexOf(widest);
    const next = Math.max(MIN_WIDTH, ...widths.filter((_, n) => n !== at));
    // Down to the next widest in one step, so that this ends soon; by one where two are equal.
    widths[at] = widest - Math.min(over, Math.max(1, widest - next));
  }
  return widths;
}

function placed(cell: string, width: number, align: "right" | undefined): string {
  const cut = lengthOf(cell) > width ? `${[...cell].slice(0, width - 1).join("")}…` : cell;
  const padding = " ".repeat(width - lengthOf(cut));
  return align === "right" ? padding + cut : cut + padding;
}

function lengthOf(text: string): number {
  return [...text].length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
