import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { wholeNumber, withExample } from "../options.ts";
import { printable } from "../printable.ts";

interface LogOptions {
  readonly follow?: boolean;
  readonly after?: number;
  readonly limit?: number;
}

/** A line as the event stream has it. */
interface Line {
  readonly time: string;
  readonly level: string;
  readonly text: string;
}

/** Adds `job log`. */
export function addJobLog(job: Command, cli: Cli): void {
  const log = job
    .command("log")
    .description("Shows the log of a job: of one task, whoever's it is.")
    .argument("<job>", "its id", wholeNumber)
    .option("-f, --follow", "go on until it has ended")
    .option("--after <line>", "only what comes after the line with this id", wholeNumber)
    .option("--limit <n>", "at most so many lines", wholeNumber)
    .action(
      action(cli, async (call, job_id: number, { follow, after, limit }: LogOptions) => {
        if (call.form !== "table") throw usageError("a log is shown as a table only");
        if (follow && limit !== undefined) throw usageError("--follow has no --limit");
        const part = { ...(after !== undefined && { after }), ...(limit && { limit }) };
        if (follow) return followLog(call, job_id, part);
        const { body } = await call.api.jobservice.log({ params: { job_id }, query: part });
        for (const line of body.split("\n").slice(0, -1))
          call.terminal.write(`${printable(line)}\n`);
      }),
    );
  withExample(log, "$ entrepot job log 4711 --follow");
}

async function followLog(call: Call, job_id: number, part: { after?: number }): Promise<void> {
  const input = { params: { job_id }, query: { ...part, follow: true }, signal: call.signal };
  for await (const { event, data } of call.api.events(routes.jobservice.log, input)) {
    if (event === "end") {
      const { status } = JSON.parse(data) as { status: string };
      call.terminal.note(`Job ${job_id} has ended: ${status}.`);
    } else if (event === "line") {
      const { time, level, text } = JSON.parse(data) as Line;
      const head = `${call.format.time(time)} ${level.padEnd(5)}`;
      call.terminal.write(`${head} ${printable(text)}\n`);
    }
  }
}
