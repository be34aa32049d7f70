import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PAGE_SIZE } from "./paging.ts";

const { errors, flag, json, needs } = contract;
const tags = ["history"];
const system = "/api/v2.0/history";
const inProject = "/api/v2.0/projects/{project_name_or_id}/history";
const ofProject = { params: contract.ProjectParams, headers: contract.ProjectHeaders };

/** A name's row as it was; null: there was none. */
const Image = z.record(z.string(), z.unknown()).nullable();

const Moment = z
  .string()
  .max(100)
  .openapi({ description: "A time with its zone (RFC 3339), or `seq:1234`." });

const Seq = z.coerce.number().int().min(0);

const page_size = z.coerce.number().int().min(1).max(PAGE_SIZE.max).default(PAGE_SIZE.initial);

/**
 * One change of a name. `operation` is `repeat` where nothing about it changed: the same was pushed
 * again. Digests are there for tags. `cause` is what it came of: a request's id, or an execution,
 * whose id is then in `execution_id`. `origin` is the id of the registry where it was first made,
 * `path` the ids of those that it has passed through since.
 */
export const HistoryEntry = z
  .object({
    seq: z.int(),
    op_time: contract.Time,
    operation: z.enum(["create", "update", "repeat", "delete"]),
    resource_type: z.string(),
    resource: z.string(),
    from_digest: z.string().nullable(),
    to_digest: z.string().nullable(),
    before: Image,
    after: Image,
    username: z.string(),
    cause: z.string(),
    execution_id: z.int().nullable(),
    origin: z.string(),
    origin_seq: z.int(),
    path: z.array(z.string()),
  })
  .openapi("HistoryEntry");
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** A name as it was at a moment, and the change that had made it so. */
export const PastName = z
  .object({
    resource_type: z.string(),
    resource: z.string(),
    digest: z.string().nullable(),
    media_type: z.string().nullable(),
    size: z.int().nullable(),
    after: Image,
    seq: z.int(),
    op_time: contract.Time,
    username: z.string(),
  })
  .openapi("PastName");
export type PastName = z.infer<typeof PastName>;

const At = z.object({ seq: z.int(), time: contract.Time });

/** A name that differs between two moments. Digests are there for tags and artifacts. */
export const HistoryDifference = z
  .object({
    operation: z.enum(["created", "gone", "moved", "changed"]),
    resource_type: z.string(),
    resource: z.string(),
    from_digest: z.string().nullable(),
    to_digest: z.string().nullable(),
  })
  .openapi("HistoryDifference");
export type HistoryDifference = z.infer<typeof HistoryDifference>;

/** What differs between two moments. `counts` are of all pages, and on the first one only. */
export const HistoryDiff = z
  .object({
    from: At,
    to: At,
    counts: z
      .object({ created: z.int(), gone: z.int(), moved: z.int(), changed: z.int() })
      .nullable(),
    differences: z.array(HistoryDifference),
    next: z.string().nullable().openapi({ description: "The `last` of the next page." }),
  })
  .openapi("HistoryDiff");
export type HistoryDiff = z.infer<typeof HistoryDiff>;

/**
 * How much happened over time, in bars that are equally long. `begins` is the earliest moment that
 * can be gone back to; null: the beginning of everything.
 */
export const HistoryBand = z
  .object({
    from: contract.Time,
    to: contract.Time,
    begins: At.nullable(),
    head_seq: z.int(),
    bars: z.array(z.object({ time: contract.Time, changes: z.int(), deletions: z.int() })),
  })
  .openapi("HistoryBand");
export type HistoryBand = z.infer<typeof HistoryBand>;

const ScopeQuery = z.object({
  repository: z.string().optional().openapi({ description: "Without the project." }),
  tag: z.string().optional(),
});
const whole = { project: z.string().optional().openapi({ description: "Also a deleted one." }) };

const HistoryQuery = ScopeQuery.extend({
  digest: z.string().optional(),
  kind: z.string().optional().openapi({ description: "Kinds of names, comma-separated." }),
  username: z.string().optional(),
  cause: z.string().optional(),
  prefix: z.string().optional().openapi({ description: "Names that begin so." }),
  deletions: flag(false).openapi({ description: "Only deletions." }),
  since: Moment.optional(),
  until: Moment.optional(),
  older_than: Seq.optional().openapi({ description: "A seq: the newest entries before it." }),
  newer_than: Seq.optional().openapi({ description: "A seq: the oldest entries after it." }),
  page_size,
});

const AsOfQuery = ScopeQuery.extend({
  at: Moment,
  kind: z.enum(["project", "repository", "tag", "manifest"]).default("tag"),
  last: z.string().optional().openapi({ description: "A name: those that follow it." }),
  page_size,
});

const DiffQuery = ScopeQuery.extend({
  from: Moment,
  to: Moment.optional().openapi({ description: "Now, if absent." }),
  kind: z
    .string()
    .optional()
    .openapi({ description: "Of project, repository, tag, manifest; the first three if absent." }),
  last: z.string().optional(),
  page_size,
});

const BandQuery = ScopeQuery.extend({
  since: contract.Time.optional().openapi({ description: "The first change, if absent." }),
  until: contract.Time.optional().openapi({ description: "Now, if absent." }),
  bars: z.coerce.number().int().min(1).max(500).default(120),
});

const entries = {
  description: "Entries of the journal, the newest first; with `newer_than` the oldest.",
  headers: z.object({ Link: z.string().openapi({ description: "The path of the next page." }) }),
  content: { "application/json": { schema: z.array(HistoryEntry) } },
};
const names = {
  description: "Names by name.",
  headers: z.object({
    Link: z.string().openapi({ description: "The path of the next page." }),
    "X-Moment-Seq": z.string().openapi({ description: "The newest entry that counts." }),
  }),
  content: { "application/json": { schema: z.array(PastName) } },
};

/** The routes of the past: ours, Harbor has none. Those of a project begin with its creation. */
export const history = {
  list: createRoute({
    method: "get",
    path: system,
    summary: "What changed, when, by whom and from what to what, anywhere",
    tags,
    ...needs("system"),
    request: { query: HistoryQuery.extend(whole) },
    responses: { 200: entries, ...errors(400, 422) },
  }),

  at: createRoute({
    method: "get",
    path: `${system}/as-of`,
    summary: "The names that there were at a moment",
    tags,
    ...needs("system"),
    request: { query: AsOfQuery.extend(whole) },
    responses: { 200: names, ...errors(400, 422) },
  }),

  diff: createRoute({
    method: "get",
    path: `${system}/diff`,
    summary: "What differs between two moments",
    tags,
    ...needs("system"),
    request: { query: DiffQuery.extend(whole) },
    responses: { 200: json(HistoryDiff, "One page of differences."), ...errors(400, 422) },
  }),

  band: createRoute({
    method: "get",
    path: `${system}/band`,
    summary: "How much changed over time",
    tags,
    ...needs("system"),
    request: { query: BandQuery.extend(whole) },
    responses: { 200: json(HistoryBand, "Counts of changes."), ...errors(400, 422) },
  }),
};

/** The same of one project, for whoever may read it. */
export const projectHistory = {
  list: createRoute({
    method: "get",
    path: inProject,
    summary: "What changed in a project, when, by whom and from what to what",
    tags,
    ...needs("project:read"),
    request: { ...ofProject, query: HistoryQuery },
    responses: { 200: entries, ...errors(400, 404, 422) },
  }),

  at: createRoute({
    method: "get",
    path: `${inProject}/as-of`,
    summary: "The names that a project had at a moment",
    tags,
    ...needs("project:read"),
    request: { ...ofProject, query: AsOfQuery },
    responses: { 200: names, ...errors(400, 404, 422) },
  }),

  diff: createRoute({
    method: "get",
    path: `${inProject}/diff`,
    summary: "What differs in a project between two moments",
    tags,
    ...needs("project:read"),
    request: { ...ofProject, query: DiffQuery },
    responses: { 200: json(HistoryDiff, "One page of differences."), ...errors(400, 404, 422) },
  }),

  band: createRoute({
    method: "get",
    path: `${inProject}/band`,
    summary: "How much changed in a project over time",
    tags,
    ...needs("project:read"),
    request: { ...ofProject, query: BandQuery },
    responses: { 200: json(HistoryBand, "Counts of changes."), ...errors(400, 404, 422) },
  }),
};
