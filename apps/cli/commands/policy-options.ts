import type { NewPolicy, Policy, TimeWindow } from "@entrepot/api";
import type { Command } from "commander";
import { usageError } from "../exit-codes.ts";
import { oneOf, wholeNumber } from "../options.ts";
import { windowText, windowsIn } from "./time-window.ts";

/** What is said of how a policy copies; what is absent stays as it is. */
export interface CopyingOptions {
  readonly speed?: number;
  readonly bytesPerSecond?: number;
  readonly concurrency?: number;
  readonly window?: readonly TimeWindow[];
  readonly windows?: boolean;
  readonly verify?: boolean;
  readonly chunks?: boolean;
  readonly singleActive?: boolean;
  readonly maxDeletions?: number | null;
  readonly maxDeletionPercent?: number | null;
  readonly allOrNothing?: boolean;
  readonly onConflict?: "overwrite" | "report";
  readonly indexMode?: "sparse" | "rewritten";
}

/** Gives `command` the options for how a policy copies. */
export function withCopyingOptions(command: Command): Command {
  return command
    .option("--speed <kibit>", "limit of each task in Kibit/s; 0 for none", wholeNumber)
    .option("--bytes-per-second <n>", "limit of all its tasks together; 0 for none", wholeNumber)
    .option("--concurrency <n>", "its tasks that may run at a time; 0 for no limit", wholeNumber)
    .option(
      "--window <when>",
      "'run mon-fri 22:00-06:00 Europe/Berlin': tasks start only then; 'bandwidth sat,sun " +
        "00:00-12:00 UTC 1000000': bytes per second then; may be repeated, replaces all windows",
      windowsIn,
    )
    .option("--no-windows", "at any time")
    .option("--verify", "read everything back at the target before a task succeeds")
    .option("--no-verify", "trust what the target answers (the default)")
    .option("--chunks", "send blobs in chunks even where the target takes them whole")
    .option("--no-chunks", "send blobs whole where that is possible (the default)")
    .option("--single-active", "start no run while one of this policy is under way")
    .option("--no-single-active", "let runs overlap (the default)")
    .option("--max-deletions <n>", "a run that would delete more stops; 'none'", ceiling)
    .option("--max-deletion-percent <p>", "the same, of what was replicated; 'none'", ceiling)
    .option("--all-or-nothing", "move a run's tags only when all its artifacts have arrived")
    .option("--no-all-or-nothing", "move each tag as soon as it can (the default)")
    .option(
      "--on-conflict <what>",
      "of a tag moved by others at the target: overwrite or report",
      oneOf(["overwrite", "report"]),
    )
    .option(
      "--index-mode <how>",
      "with --platforms: sparse (keeps the digest) or rewritten (a new index of what is left)",
      oneOf(["sparse", "rewritten"]),
    );
}

/** The settings that `options` change. */
export function copyingIn(options: CopyingOptions): Partial<NewPolicy> {
  const { window, windows } = options;
  if (window && windows === false) throw usageError("choose --window or --no-windows");
  const changed: Partial<NewPolicy> = {
    speed: options.speed,
    bytes_per_second: options.bytesPerSecond,
    concurrency: options.concurrency,
    windows: windows === false ? [] : window && [...window],
    verify: options.verify,
    copy_by_chunk: options.chunks,
    single_active_replication: options.singleActive,
    max_deletions: options.maxDeletions,
    max_deletion_percent: options.maxDeletionPercent,
    all_or_nothing: options.allOrNothing,
    on_conflict: options.onConflict,
    index_mode: options.indexMode,
  };
  const said = Object.entries(changed).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

/** How `policy` copies, as settings. */
export function copyingOf(policy: Policy): Partial<NewPolicy> {
  return {
    speed: policy.speed,
    bytes_per_second: policy.bytes_per_second,
    concurrency: policy.concurrency,
    windows: policy.windows,
    verify: policy.verify,
    copy_by_chunk: policy.copy_by_chunk,
    single_active_replication: policy.single_active_replication,
    max_deletions: policy.max_deletions,
    max_deletion_percent: policy.max_deletion_percent,
    all_or_nothing: policy.all_or_nothing,
    on_conflict: policy.on_conflict,
    index_mode: policy.index_mode,
  };
}

/** How `policy` copies, for people: only what is not as always. */
export function copyingDetails(policy: Policy): [string, string][] {
  const limit = (n: number, unit: string) => (n > 0 ? `${n}${unit}` : "");
  const flag = (is: boolean) => (is ? "yes" : "");
  const details: [string, string][] = [
    ["SPEED", limit(policy.speed, " Kibit/s per task")],
    ["BANDWIDTH", limit(policy.bytes_per_second, " bytes/s")],
    ["CONCURRENCY", limit(policy.concurrency, "")],
    ...policy.windows.map((window): [string, string] => ["WINDOW", windowText(window)]),
    ["VERIFY", flag(policy.verify)],
    ["CHUNKS", flag(policy.copy_by_chunk)],
    ["SINGLE ACTIVE", flag(policy.single_active_replication)],
    ["MAX DELETIONS", policy.max_deletions === null ? "" : String(policy.max_deletions)],
    [
      "MAX DELETIONS %",
      policy.max_deletion_percent === null ? "" : String(policy.max_deletion_percent),
    ],
    ["ALL OR NOTHING", flag(policy.all_or_nothing)],
    ["ON CONFLICT", policy.on_conflict === "overwrite" ? "" : policy.on_conflict],
    ["INDEX MODE", policy.index_mode === "sparse" ? "" : policy.index_mode],
  ];
  return details.filter(([, value]) => value !== "");
}

function ceiling(text: string): number | null {
  if (text === "none") return null;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw usageError("Give a number, or none.");
}
