import type { Task } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { wholeNumber, withExample } from "../options.ts";
import { pause } from "../pause.ts";

const POLL_MS = 500;

/** One line of a task's log. */
interface LogLine {
  readonly task: number;
  /** RFC 3339, in UTC; empty if the server gave none. */
  readonly time: string;
  readonly level: string;
  readonly text: string;
}

/** Adds `replication logs`. */
export function addLogs(replication: Command, cli: Cli): void {
  const logs = replication
    .command("logs")
    .description("Shows the log of a run: of all its tasks, or of one.")
    .argument("<execution>", "its id", wholeNumber)
    .argument("[task]", "a task's id", wholeNumber)
    .option("-f, --follow", "go on until the run has ended")
    .action(
      action(
        cli,
        async (call, id: number, task: number | undefined, { follow }: { follow?: boolean }) => {
          if (call.form === "name") throw usageError("a log has no names; choose table or json");
          if (call.form === "table") return await print(call, linesOf(call, id, task, follow));
          if (follow) throw usageError("--follow cannot be one JSON document; leave one out");
          const lines = await Array.fromAsync(linesOf(call, id, task, false));
          call.terminal.write(`${JSON.stringify(lines, null, 2)}\n`);
        },
      ),
    );
  withExample(logs, "$ entrepot replication logs 12 --follow");
}

async function print(call: Call, lines: AsyncIterable<LogLine>): Promise<void> {
  for await (const { task, time, level, text } of lines) {
    const head = time === "" ? "" : `${call.format.time(time)} ${level.padEnd(5)} `;
    call.terminal.write(`${String(task).padStart(4)} | ${head}${printable(text)}\n`);
  }
}

/** The lines of a run's tasks, or of one; each is read once. */
async function* linesOf(
  { api, signal }: Call,
  id: number,
  only: number | undefined,
  follow: boolean | undefined,
): AsyncGenerator<LogLine> {
  const params = { id };
  const read = new Map<number, number>();
  const complete = new Set<number>();
  while (true) {
    // What is asked before the logs may be older than they are, so no line can be missed.
    const { status } = (await api.executions.get({ params })).body;
    const tasks = await Array.fromAsync(api.each(routes.executions.tasks, { params, query: {} }));
    const wanted = tasks.filter((task) => only === undefined || task.id === only);
    if (only !== undefined && wanted.length === 0) {
      // The server knows best what is wrong with it.
      await api.executions.taskLog({ params: { id, task_id: only } });
    }
    for (const task of wanted.filter((one) => !complete.has(one.id)).toReversed()) {
      yield* newLines(api, task, read);
      if (hasEnded(task)) complete.add(task.id);
    }
    if (!follow || status !== "InProgress" || allEnded(wanted, only)) return;
    await pause(POLL_MS, signal);
  }
}

async function* newLines(api: Call["api"], task: Task, read: Map<number, number>) {
  const params = { id: task.execution_id, task_id: task.id };
  while (true) {
    const after = read.get(task.id) ?? 0;
    const { body, headers } = await api.executions.taskLog({ params, query: { after } });
    yield* body
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => parsed(task.id, line));
    const last = Number(headers.get("x-log-last") ?? after);
    if (body === "" || last <= after) return;
    read.set(task.id, last);
  }
}

function parsed(task: number, line: string): LogLine {
  const match = /^(\d{4}-\S+Z) \[(\w+)\] (.*)$/.exec(line);
  const [, time = "", level = "", text = line] = match ?? [];
  return { task, time, level, text };
}

function hasEnded({ status }: Task): boolean {
  return status === "Succeed" || status === "Failed" || status === "Stopped";
}

/** Whether one task was asked for, and that has ended. */
function allEnded(tasks: readonly Task[], only: number | undefined): boolean {
  return only !== undefined && tasks.every(hasEnded);
}
