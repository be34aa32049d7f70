import { expect, test } from "vitest";
import { type Column, formatFields, formatTable } from "./table.ts";

interface Row {
  readonly name: string;
  readonly count: number;
  readonly about: string;
}

const columns: Column<Row>[] = [
  { title: "NAME", value: (row) => row.name },
  { title: "N", value: (row) => String(row.count), align: "right" },
  { title: "ABOUT", value: (row) => row.about },
];
const rows: Row[] = [
  { name: "a", count: 7, about: "short" },
  { name: "library/hello", count: 12, about: "rather longer than that, in truth" },
];

test("columns are aligned, and lines end without spaces", () => {
  expect(formatTable(rows, columns, null)).toBe(
    "NAME            N  ABOUT\n" +
      "a               7  short\n" +
      "library/hello  12  rather longer than that, in truth\n",
  );
  expect(formatTable([], columns, 80)).toBe("NAME  N  ABOUT\n");
});

test("what is said below a row is whole, and stands under it", () => {
  const below = ({ count, about }: Row) => (count > 9 ? [about, "second"] : []);
  expect(formatTable(rows, columns.slice(0, 2), 20, below)).toBe(
    "NAME            N\n" +
      "a               7\n" +
      "library/hello  12\n" +
      "  rather longer than that, in truth\n" +
      "  second\n",
  );
});

test("the widest column is cut first", () => {
  expect(formatTable(rows, columns, 36)).toBe(
    "NAME            N  ABOUT\n" +
      "a               7  short\n" +
      "library/hello  12  rather longer th…\n",
  );
});

test.each([10, 20, 30, 40, 60, 200])(
  "with %i columns, lines fit or are as short as can be",
  (n) => {
    const widths = formatTable(rows, columns, n)
      .split("\n")
      .map((line) => [...line].length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(Math.max(n, 8 + 2 + 2 + 2 + 8));
  },
);

test("what would drive a terminal is not passed on", () => {
  const evil = { name: "a\u001b[31m\n\u202eb\u009b", count: 1, about: "" };
  expect(formatTable([evil], columns.slice(0, 1), null)).toBe("NAME\na [31m  b\n");
  expect(
    formatFields([
      ["A", "1\r2"],
      ["LONG", ""],
    ]),
  ).toBe("A     1 2\nLONG\n");
});
