import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Cleanup } from "./cleanup.ts";

/** Runs a program to its end. Returns what it printed; throws with its errors if it failed. */
export async function runProgram(
  cleanup: Cleanup,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env, detached: true });
  const stop = cleanup.add(() => child.kill("SIGKILL"));
  const [printed, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  await stop();
  if (code === 0) return printed;
  throw new Error(`${program} failed (${signal ?? `exit ${code}`}): ${errors.trim().slice(-500)}`);
}
