import { expect, test } from "vitest";
import { progressLine, progressText } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

const MIB = 1024 ** 2;
const start = { done: 0, failed: 0, total: 3, bytesSent: 0, bytesTotal: null };

test.each([
  [start, 0, "0/3 tasks"],
  [{ ...start, done: 1, total: 1 }, 0, "1/1 task"],
  [{ ...start, bytesSent: 5 * MIB }, MIB, "0/3 tasks, 5.0 MiB, 1.0 MiB/s"],
  [
    { done: 1, failed: 1, total: 3, bytesSent: MIB, bytesTotal: 3 * MIB },
    -1,
    "1/3 tasks, 1 failed, 1.0 MiB of 3.0 MiB, 0 B/s",
  ],
])("%j at %d bytes a second", (progress, rate, text) => {
  expect(progressText(progress, rate)).toBe(text);
});

test("off a terminal, lines come when tasks were done, and not too often", () => {
  const { terminal, written } = paper(null);
  let now = 0;
  const line = progressLine(terminal, () => now);
  for (const [at, done] of [
    [0, 0],
    [100, 1],
    [5000, 1],
    [10_000, 1],
    [10_100, 2],
  ] as const) {
    now = at;
    line.show({ ...start, done });
  }
  line.clear();
  expect(written()).toBe("0/3 tasks\n1/3 tasks\n2/3 tasks\n");
});

test("on a terminal, one line is overwritten, never wider than the window", () => {
  const { terminal, written } = paper(8);
  const line = progressLine(terminal, () => 0);
  line.show(start);
  line.show({ ...start, done: 1 });
  line.note("by the way");
  expect(written()).toBe("\r0/3 tas\u001b[K\r1/3 tas\u001b[K\r\u001b[Kby the way\n");
});

test("the rate is that of the last seconds", () => {
  const { terminal, written } = paper(80);
  let now = 0;
  const line = progressLine(terminal, () => now);
  for (now = 0; now <= 20_000; now += 1000) {
    const bytesSent = now < 10_000 ? now * 1000 : 10_000_000 + (now - 10_000) * 2048;
    line.show({ ...start, bytesSent });
  }
  expect(written().split("\r").at(-1)).toContain("2.0 MiB/s");
});

function paper(errorColumns: number | null) {
  let text = "";
  const terminal = {
    errorColumns,
    note: (line: string) => void (text += `${line}\n`),
    writeError: (piece: string) => void (text += piece),
  } as Terminal;
  return { terminal, written: () => text };
}
