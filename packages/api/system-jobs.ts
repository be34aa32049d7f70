import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { JobSchedule, LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;

/**
 * A run of a system job, or its schedule. `job_parameters` is JSON. Source: Harbor API v2.0
 * `ExecHistory` and `GCHistory`.
 */
export function systemJobRun<Name extends string>(name: Name) {
  return z.object({
    id: z.int(),
    job_name: z.literal(name),
    job_kind: z.enum(["MANUAL", "SCHEDULE"]),
    job_parameters: z.string(),
    schedule: JobSchedule,
    job_status: z.enum(["Pending", "Running", "Success", "Error", "Stopped"]),
    deleted: z.boolean(),
    creation_time: contract.Time,
    update_time: contract.Time,
  });
}

/** What the routes of a system job are made of. */
export interface SystemJobContract<
  Id extends string,
  Run extends z.ZodType,
  Asked extends z.ZodType,
> {
  readonly path: string;
  readonly tag: string;
  /** What its runs are called in paths: `gc_id`. */
  readonly id: Id;
  /** A run, and runs, in words: `a garbage collection`, `Garbage collections`. */
  readonly one: string;
  readonly many: string;
  /** More about starting a run. */
  readonly about?: string;
  readonly resource: "garbage-collection" | "purge-audit";
  readonly run: Run;
  readonly asked: Asked;
}

/**
 * The routes of a system job: its runs, their logs, and when one runs by itself. Source: Harbor API
 * v2.0, `/system/gc` and `/system/purgeaudit`.
 */
export function systemJobRoutes<Id extends string, Run extends z.ZodType, Asked extends z.ZodType>(
  job: SystemJobContract<Id, Run, Asked>,
) {
  return { ...runRoutes(job), ...scheduleRoutes(job) };
}

function runRoutes<Id extends string, Run extends z.ZodType>({
  path,
  tag,
  id,
  one,
  many,
  resource,
  run,
}: SystemJobContract<Id, Run, z.ZodType>) {
  const tags = [tag];
  const named = { [id]: contract.Id } as Record<Id, typeof contract.Id>;
  const byId = { params: z.object(named) };
  return {
    list: createRoute({
      method: "get",
      path,
      summary: `${many}, newest first`,
      tags,
      ...needs(`system:${resource}:list`),
      request: { query: PageQuery },
      responses: { 200: page(run, "One page of them."), ...errors(400, 422) },
    }),

    get: createRoute({
      method: "get",
      path: `${path}/{${id}}`,
      summary: `What came of ${one}`,
      tags,
      ...needs(`system:${resource}:read`),
      request: byId,
      responses: { 200: json(run, "The run."), ...errors(404) },
    }),

    stop: createRoute({
      method: "put",
      path: `${path}/{${id}}`,
      summary: `Stops ${one}; if it has ended, nothing happens`,
      tags,
      ...needs(`system:${resource}:stop`),
      request: byId,
      responses: { 200: done, ...errors(404) },
    }),

    log: createRoute({
      method: "get",
      path: `${path}/{${id}}/log`,
      summary: `The log of ${one}`,
      description: logDescription,
      tags,
      ...needs(`system:${resource}:read`),
      request: { ...byId, query: LogQuery },
      responses: logAnswer,
    }),
  };
}

function scheduleRoutes<Run extends z.ZodType, Asked extends z.ZodType>({
  path,
  tag,
  one,
  many,
  about,
  resource,
  run,
  asked,
}: SystemJobContract<string, Run, Asked>) {
  const tags = [tag];
  const request = { body: body(asked) };
  return {
    schedule: createRoute({
      method: "get",
      path: `${path}/schedule`,
      summary: `${many}: when one runs by itself; an empty object if none does`,
      tags,
      ...needs(`system:${resource}:read`),
      responses: {
        200: json(z.union([run, z.object({}).strict()]), "The schedule."),
        ...errors(),
      },
    }),

    start: createRoute({
      method: "post",
      path: `${path}/schedule`,
      summary: `Starts ${one} (type Manual), or sets the schedule`,
      ...(about && { description: about }),
      tags,
      ...needs(`system:${resource}:create`),
      request,
      responses: { 201: created, ...errors(400, 409) },
    }),

    setSchedule: createRoute({
      method: "put",
      path: `${path}/schedule`,
      summary: "Sets the schedule; type None removes it",
      tags,
      ...needs(`system:${resource}:update`),
      request,
      responses: { 200: done, ...errors(400) },
    }),
  };
}
