import type { Log } from "./log.ts";

/** What background work calls when it fails: a warning in `log`. */
export function reporting(log: Log): (error: unknown) => void {
  return (error) => log.warn({ err: error }, "background work failed");
}
