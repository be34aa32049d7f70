#!/usr/bin/env node
import { join } from "node:path";
import { CommanderError, InvalidArgumentError } from "commander";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { printable } from "./printable.ts";
import { openProgram } from "./program.ts";
import { openTerminal } from "./terminal.ts";
import manifest from "./package.json" with { type: "json" };

const args = process.argv.slice(2);
if (args[0] === "serve" || args[0] === "worker") {
  const server = join(import.meta.dirname, "../server/main.ts");
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, server, ...args]);
}

const interrupted = new AbortController();
// Once: the second Ctrl-C ends the process by itself, whatever it does.
process.once("SIGINT", () => interrupted.abort());

const terminal = openTerminal(process, () => process.exit(EXIT.ok));
const cli = { env: process.env, terminal, signal: interrupted.signal };

try {
  await openProgram(cli, manifest.version).parseAsync(args, { from: "user" });
} catch (error) {
  process.exitCode = interrupted.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  if (!interrupted.signal.aborted) explain(error);
}

function explain(error: unknown): void {
  // Commander has said it already, unless it was thrown by a command.
  if (error instanceof CommanderError && !(error instanceof InvalidArgumentError)) return;
  const text = error instanceof Error ? error.message : String(error);
  terminal.note(`entrepot: ${printable(text)}`);
}
