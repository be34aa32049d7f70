import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { withExample, withLimit, withYes } from "../options.ts";
import { addJobLog } from "./job-log.ts";
import { poolView, queueView, scheduleView, workerView } from "./job-view.ts";

/** Adds `job`: queues, workers, schedules, stopping, logs. */
export function addJob(program: Command, cli: Cli): void {
  const job = program
    .command("job")
    .description("The job service: what waits, what runs where, what is due.");
  addQueue(job, cli);
  addWorker(job, cli);
  addSchedule(job, cli);
  addStop(job, cli);
  addJobLog(job, cli);
}

function addQueue(job: Command, cli: Cli): void {
  const queue = job.command("queue").description("Queues: what waits, by type of work.");
  const list = queue
    .command("list")
    .description("Lists the queues.")
    .action(
      action(cli, async (call) =>
        call.list((await call.api.jobservice.queues()).body, queueView, 0),
      ),
    );
  withExample(list, "$ entrepot job queue list");
  addPausing(queue, cli);

  const clear = withYes(queue.command("clear").description("Stops what waits; what runs goes on."))
    .argument("<type>", "as the list has it, or all")
    .action(
      action(cli, async (call, job_type: string, { yes }: { yes?: boolean }) => {
        await call.confirm(`Stop everything that waits in ${job_type}?`, yes);
        const body = { action: "stop" as const };
        await call.api.jobservice.changeQueue({ params: { job_type }, body });
        await call.done(`Stopped what waited in ${job_type}.`);
      }),
    );
  withExample(clear, "$ entrepot job queue clear REPLICATION");
}

function addPausing(queue: Command, cli: Cli): void {
  for (const [name, said, what] of [
    [
      "pause",
      "Paused",
      "Starts nothing more of a type, on any node; SCHEDULER: fires no schedule.",
    ],
    ["resume", "Resumed", "Starts what waits again."],
  ] as const) {
    const command = queue
      .command(name)
      .description(what)
      .argument("<type>", "as the list has it, or all")
      .action(
        action(cli, async (call, job_type: string) => {
          const body = { action: name };
          await call.api.jobservice.changeQueue({ params: { job_type }, body });
          await call.done(`${said} ${job_type}.`);
        }),
      );
    withExample(command, `$ entrepot job queue ${name} REPLICATION`);
  }
}

function addWorker(job: Command, cli: Cli): void {
  const worker = job.command("worker").description("Workers: who runs what.");
  const list = worker
    .command("list")
    .description("Lists busy workers; with --pools the processes that they belong to.")
    .option("--pools", "the pools instead")
    .action(
      action(cli, async (call, { pools }: { pools?: boolean }) => {
        if (pools) return call.list((await call.api.jobservice.pools()).body, poolView, 0);
        const { body } = await call.api.jobservice.workers({ params: { pool_id: "all" } });
        return call.list(body, workerView, 0);
      }),
    );
  withExample(list, "$ entrepot job worker list --pools");
}

function addSchedule(job: Command, cli: Cli): void {
  const schedule = job.command("schedule").description("Schedules: what is due when.");
  const list = withLimit(schedule.command("list").description("Lists the schedules.")).action(
    action(cli, async (call, { limit }: { limit: number }) => {
      const { paused } = (
        await call.api.jobservice.schedulesPaused({ params: { job_type: "all" } })
      ).body;
      await call.list(
        call.api.each(routes.jobservice.schedules, { query: {} }),
        scheduleView,
        limit,
      );
      if (paused) call.terminal.note("Paused: no schedule fires; 'job queue resume SCHEDULER'");
    }),
  );
  withExample(list, "$ entrepot job schedule list");
}

function addStop(job: Command, cli: Cli): void {
  const stop = withYes(job.command("stop").description("Stops one job, or all that run."))
    .argument("<job>", "its id, or all")
    .action(
      action(cli, async (call, job_id: string, { yes }: { yes?: boolean }) => {
        if (job_id === "all") await call.confirm("Stop everything that runs?", yes);
        await call.api.jobservice.stop({ params: { job_id }, body: { action: "stop" } });
        await call.done(
          job_id === "all" ? "Stopped everything that ran." : `Stopped job ${job_id}.`,
        );
      }),
    );
  withExample(stop, "$ entrepot job stop 4711");
}
