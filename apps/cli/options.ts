import type { Command } from "commander";
import { usageError } from "./exit-codes.ts";

/** Options of every list. */
export interface ListOptions {
  readonly limit: number;
  readonly query?: string;
  readonly sort?: string;
}

/** Gives a list's command `--limit`. */
export function withLimit(command: Command): Command {
  return command.option("--limit <n>", "how many to show; 0 for all", wholeNumber, 100);
}

/** Gives a list's command `--limit`, `--query` and `--sort`. */
export function withListOptions(command: Command): Command {
  return withLimit(command)
    .option("--query <q>", "only what matches: 'name=~web', 'creation_time=[2026-01-01~]'")
    .option("--sort <fields>", "in this order: 'name', '-creation_time'");
}

/** What the API is asked for a list. A page is no larger than what is to be shown. */
export function listQuery({ limit, query, sort }: ListOptions) {
  return {
    page_size: limit === 0 ? 100 : Math.min(100, limit + 1),
    ...(query !== undefined && { q: query }),
    ...(sort !== undefined && { sort }),
  };
}

/** Gives a command that deletes `--yes`. */
export function withYes(command: Command): Command {
  return command.option("-y, --yes", "do not ask");
}

/** A whole number, from 0. Throws a usage error. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageError("Give a whole number.");
}

/** Gathers what an option is given that may be repeated. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600 };

/** A length of time, `90`, `90s`, `5m` or `1h`, in seconds. Throws a usage error. */
export function seconds(text: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * UNITS[unit]!;
  throw usageError("Give a time: 90, 90s, 5m or 1h.");
}

/** One of `choices`. Throws a usage error that lists them. */
export function oneOf<const C extends string>(choices: readonly C[]) {
  return (text: string): C => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw usageError(`Choose one of ${choices.join(", ")}.`);
  };
}

/** Adds an example to a command's help. */
export function withExample(command: Command, example: string): Command {
  const lines = example.split("\n").map((line) => `  ${line}\n`);
  return command.addHelpText("after", `\nExample:\n${lines.join("")}`.trimEnd());
}
