import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { cpuSeconds, memoryBelow, memoryOf } from "./process-tree.ts";

const linux = process.platform === "linux";
/** Uses 0.3 s of CPU, says so, and waits for its end. */
const BUSY = `while (process.cpuUsage().user < 300_000);
  console.log("done");
  setInterval(() => {}, 60_000);`;
/** Has a child do that, until its own input ends. */
const PARENT = `const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", ${JSON.stringify(BUSY)}], { stdio: "inherit" });
  process.stdin.resume().on("end", () => child.kill());`;

test.runIf(linux)("a process's own and its children's work and memory are seen", async () => {
  const parent = spawn(process.execPath, ["-e", PARENT], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(parent.stdout, "data");
    expect(cpuSeconds(parent.pid!)).toBeGreaterThan(0.25);
    const { peakBytes, bytes } = memoryOf(parent.pid!);
    expect(bytes).toBeGreaterThan(10e6);
    expect(peakBytes).toBeGreaterThanOrEqual(bytes);
    expect(memoryBelow(parent.pid!)).toBeGreaterThan(1e6);
  } finally {
    parent.stdin.end();
    await once(parent, "exit");
  }
});

test("a process that is not there has used nothing that is known", () => {
  expect(cpuSeconds(2 ** 22 + 1)).toBeNaN();
  expect(memoryOf(2 ** 22 + 1).bytes).toBeNaN();
});
