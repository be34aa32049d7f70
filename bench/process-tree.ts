import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc: a constant of Linux's on x64 and arm64. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Ticks of the process itself and of its children that have ended. */
  readonly ticks: number;
}

/** CPU-seconds used by `pid`, its children, and theirs, ended ones included. NaN without /proc. */
export function cpuSeconds(pid: number): number {
  const tree = treeOf(pid);
  if (tree.length === 0) return Number.NaN;
  return tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS;
}

/** Resident memory of `pid` alone in bytes: the most so far, and now. NaN without /proc. */
export function memoryOf(pid: number): { peakBytes: number; bytes: number } {
  const status = textOf(`/proc/${pid}/status`);
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { peakBytes: field("VmHWM"), bytes: field("VmRSS") };
}

/**
 * Memory of everything below `pid` in bytes, each shared page counted once (PSS): for Entrepot that
 * is PostgreSQL. 0 if there is nothing below it, NaN if the system does not say.
 */
export function memoryBelow(pid: number): number {
  return treeOf(pid)
    .filter((one) => one.pid !== pid)
    .map((one) => /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${one.pid}/smaps_rollup`))?.[1])
    .reduce((sum, kilobytes) => sum + Number(kilobytes ?? 0) * 1024, 0);
}

/** `root` and all its descendants that run now. */
function treeOf(root: number): Stat[] {
  const all = allProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  // Grows while it is walked.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

function allProcesses(): Stat[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const text = textOf(`/proc/${name}/stat`);
      // The name, in brackets, may hold anything.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (fields.length < 15) return [];
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    });
}

/** The file's text; empty if it is gone, as a process may be at any time. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
