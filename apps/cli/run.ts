import { CommanderError, InvalidArgumentError } from "commander";
import type { Environment } from "./config.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { printable } from "./printable.ts";
import { openProgram } from "./program.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import manifest from "./package.json" with { type: "json" };

/** Runs one command line in this process, and sets its exit code. Never throws. */
export async function run(args: readonly string[], env: Environment): Promise<void> {
  const interrupted = new AbortController();
  // Once: the second Ctrl-C ends the process by itself, whatever it does.
  process.once("SIGINT", () => interrupted.abort());
  const terminal = openTerminal(process, () => process.exit(EXIT.ok));
  const cli = { env, terminal, signal: interrupted.signal };
  try {
    await openProgram(cli, manifest.version).parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = interrupted.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
    if (!interrupted.signal.aborted) explain(terminal, error);
  }
}

function explain(terminal: Terminal, error: unknown): void {
  // Commander has said it already, unless it was thrown by a command.
  if (error instanceof CommanderError && !(error instanceof InvalidArgumentError)) return;
  const text = error instanceof Error ? error.message : String(error);
  terminal.note(`entrepot: ${printable(text)}`);
}
