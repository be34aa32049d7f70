import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Bench } from "../bench.ts";

/**
 * Runs `file` of this folder as a child with `order`, waits until it is ready, calls `before`, lets
 * it go, and returns what it says at its end. Throws an Error if it ends without a word.
 */
export async function runChild<R>(
  bench: Bench,
  file: string,
  order: unknown,
  before: () => void = () => {},
): Promise<R> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(order)], {
    execArgv: [],
    detached: true,
  });
  const stop = bench.cleanup.add(() => child.kill("SIGKILL"));
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${file} ended early (${signal ?? `exit ${code}`})`);
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([once(child, "message"), ended]);
    const answered = once(child, "message");
    before();
    child.send("go");
    const [result] = await Promise.race([answered, ended]);
    return result as R;
  } finally {
    await stop();
  }
}
