import { readFileSync } from "node:fs";
import { cpuSeconds } from "./process-tree.ts";

/** What an act took, all that was started for it included. */
export interface Cost {
  readonly seconds: number;
  /** Of this process and everything below it: both registries, their databases and the copier. */
  readonly cpuSeconds: number;
  /** What went over the loopback interface meanwhile; NaN where the system does not tell. */
  readonly wireBytes: number;
}

/** Does `act` and says what it took. */
export async function costOf(act: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const [cpu, bytes] = [cpuSeconds(process.pid), loopbackBytes()];
  await act();
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: cpuSeconds(process.pid) - cpu,
    wireBytes: loopbackBytes() - bytes,
  };
}

function loopbackBytes(): number {
  if (process.platform !== "linux") return Number.NaN;
  const line = /^\s*lo:\s*(\d+)/m.exec(readFileSync("/proc/net/dev", "utf8"));
  return Number(line?.[1] ?? Number.NaN);
}
