import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { BusyWorker, JobQueue, LogQuery, Schedule, WorkerPool } from "./job-shapes.ts";
import { PageQuery } from "./paging.ts";

const { body, done, errors, json, needs, page, text } = contract;
const tags = ["jobservice"];

/** A task's log: text, or events as they come; see `LogQuery`. */
export const logAnswer = {
  200: {
    ...text("Lines, oldest first."),
    headers: z.object({
      "X-Log-Last": z.string().openapi({ description: "The last line's id, for `after`." }),
    }),
    content: {
      "text/plain": { schema: z.string() },
      "text/event-stream": { schema: z.string() },
    },
  },
  ...errors(404, 422),
};

/** What a task's log is asked for with. */
export const logDescription =
  "With `after` and `limit` a part of it: X-Log-Last says where the next part begins. With " +
  "`follow`, or if `text/event-stream` is accepted, server-sent events: `line` (id, time, level, " +
  "text) for each line there is and comes, and `end` (status) when the task has ended.";

/** The routes of the job service. Source: Harbor API v2.0, `/jobservice` and `/schedules`. */
export const jobservice = {
  pools: createRoute({
    method: "get",
    path: "/api/v2.0/jobservice/pools",
    summary: "Worker pools: one for each process that runs tasks",
    tags,
    ...needs("system:jobservice-monitor:list"),
    responses: { 200: json(z.array(WorkerPool), "The pools."), ...errors() },
  }),

  workers: createRoute({
    method: "get",
    path: "/api/v2.0/jobservice/pools/{pool_id}/workers",
    summary: "What a pool's workers are at; of all pools if its id is all",
    tags,
    ...needs("system:jobservice-monitor:list"),
    request: { params: z.object({ pool_id: z.string().min(1) }) },
    responses: { 200: json(z.array(BusyWorker), "The busy workers."), ...errors(404) },
  }),

  stop: createRoute({
    method: "put",
    path: "/api/v2.0/jobservice/jobs/{job_id}",
    summary: "Stops a task; everything that runs if its id is all",
    description: "A task that has ended stays as it is.",
    tags,
    ...needs("system:jobservice-monitor:stop"),
    request: {
      params: z.object({ job_id: z.string().min(1) }),
      body: body(z.object({ action: z.literal("stop") })),
    },
    responses: { 200: done, ...errors(400, 404) },
  }),

  log: createRoute({
    method: "get",
    path: "/api/v2.0/jobservice/jobs/{job_id}/log",
    summary: "A task's log",
    description: logDescription,
    tags,
    ...needs("system:jobservice-monitor:list"),
    request: { params: z.object({ job_id: contract.Id }), query: LogQuery },
    responses: logAnswer,
  }),

  queues: createRoute({
    method: "get",
    path: "/api/v2.0/jobservice/queues",
    summary: "What waits, by type of work",
    tags,
    ...needs("system:jobservice-monitor:list"),
    responses: { 200: json(z.array(JobQueue), "The queues."), ...errors() },
  }),

  changeQueue: createRoute({
    method: "put",
    path: "/api/v2.0/jobservice/queues/{job_type}",
    summary: "Pauses or resumes a queue, or stops what waits in it; all queues if its type is all",
    description: "What runs already goes on. While SCHEDULER is paused no schedule fires.",
    tags,
    ...needs("system:jobservice-monitor:stop"),
    request: {
      params: z.object({ job_type: z.string().min(1) }),
      body: body(z.object({ action: z.enum(["stop", "pause", "resume"]) })),
    },
    responses: { 200: done, ...errors(400, 404) },
  }),

  schedules: createRoute({
    method: "get",
    path: "/api/v2.0/schedules",
    summary: "Schedules",
    tags,
    ...needs("system:jobservice-monitor:list"),
    request: { query: PageQuery },
    responses: { 200: page(Schedule, "One page of schedules."), ...errors(400, 422) },
  }),

  nextTimes: createRoute({
    method: "get",
    path: "/api/v2.0/schedules/next",
    summary: "When a schedule that is not stored would be due: the next times, soonest first",
    tags,
    ...needs("account"),
    request: {
      query: z.object({
        cron: z.string().max(100),
        time_zone: z.string().max(64).default("UTC"),
        count: z.coerce.number().int().min(1).max(10).default(5),
      }),
    },
    responses: {
      200: json(z.object({ times: z.array(contract.Time) }), "The times."),
      ...errors(400, 422),
    },
  }),

  schedulesPaused: createRoute({
    method: "get",
    path: "/api/v2.0/schedules/{job_type}/paused",
    summary: "Whether schedules do not fire; the type is all",
    tags,
    ...needs("account"),
    request: { params: z.object({ job_type: z.string().min(1) }) },
    responses: {
      200: json(z.object({ paused: z.boolean() }), "Whether they are paused."),
      ...errors(400),
    },
  }),
};
