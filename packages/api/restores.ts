import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["recovery"];
const byId = { params: z.object({ id: contract.Id }) };

/** What becomes of a name; one in `conflict` stays as it is and says why. */
export const RestoreVerdict = z.enum(["create", "change", "remove", "keep", "conflict"]);
export type RestoreVerdict = z.infer<typeof RestoreVerdict>;

/** What is to be put back: names to a moment, out of a backup, or what one cause did undone. */
export const NewRestore = z
  .object({
    name: z.string().max(600).default("").openapi({
      description: "project, project/repository, …:tag or …@digest; empty: the whole registry.",
    }),
    at: z.string().max(100).optional().openapi({
      description: "The moment: a time with its zone (RFC 3339), or `seq:1234`.",
    }),
    cause: z.string().max(200).optional().openapi({
      description: "Undo what this request or execution did, in place of `at`.",
    }),
    keep_newer: z.boolean().default(false).openapi({
      description: "Names that came after the moment stay; otherwise they go.",
    }),
    force: z.boolean().default(false).openapi({
      description: "Of an undo: also what was changed again since.",
    }),
    into: z.string().max(255).optional().openapi({
      description: "Beside the project, into a new one of this name. Nothing is copied but rows.",
    }),
    from: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .openapi({
        description:
          "Out of a backup: a target's name or id, or an address. Then `name` is a project or a " +
          "repository, and without `at` it is as the newest backup has it.",
      }),
    dry_run: z.boolean().default(false).openapi({
      description: "Make the plan only; it can be carried out within a day.",
    }),
  })
  .openapi("RestoreReq");
export type NewRestore = z.input<typeof NewRestore>;

/** Names by verdict; `unchanged` are the tags in the scope that stay as they are. */
export const RestoreCounts = z
  .object({
    create: z.int(),
    change: z.int(),
    remove: z.int(),
    keep: z.int(),
    conflict: z.int(),
    unchanged: z.int(),
  })
  .openapi("RestoreCounts");

/** The run of a plan. `left` are names that have changed since the plan was made, and the like. */
export const RestoreExecution = z
  .object({
    id: z.int(),
    status: z.enum(["Running", "Success", "Error", "Stopped"]),
    status_text: z.string(),
    done: z.int(),
    left: z.int(),
    start_time: contract.Time,
    end_time: contract.Time.nullable(),
  })
  .openapi("RestoreExecution");

/**
 * A plan. It says what was so when it was made and does not change; its undo is a restore with the
 * cause `execution:<id>`. With objections it is not carried out.
 */
export const Restore = z
  .object({
    id: z.int(),
    name: z.string(),
    moment_seq: z.int().nullable(),
    cause: z.string().nullable(),
    into: z.string().nullable(),
    from: z.string().nullable(),
    head_seq: z.int(),
    counts: RestoreCounts,
    bytes: z.int(),
    objections: z.array(z.string()),
    creator: z.string(),
    creation_time: contract.Time,
    execution: RestoreExecution.nullable(),
  })
  .openapi("Restore");
export type Restore = z.infer<typeof Restore>;

const Image = z.record(z.string(), z.unknown()).nullable();

/** One name of a plan: what it shall be, what it was when that was planned, what came of it. */
export const RestoreItem = z
  .object({
    verdict: RestoreVerdict,
    resource_type: z.string(),
    resource: z.string(),
    wanted: Image,
    present: Image,
    why: z.string().nullable(),
    outcome: z.enum(["done", "left"]).nullable(),
  })
  .openapi("RestoreItem");
export type RestoreItem = z.infer<typeof RestoreItem>;

/** Kinds of things that can lie in the bin. */
export const BinKind = z.enum(["project", "repository", "artifact", "tag"]);
export type BinKind = z.infer<typeof BinKind>;

/** Something deleted that can be restored, to the moment `before_seq`, until `restorable_until`. */
export const BinItem = z
  .object({
    resource_type: BinKind,
    resource: z.string(),
    digest: z.string().nullable(),
    deletion_time: contract.Time,
    deleted_by: z.string(),
    cause: z.string(),
    restorable_until: contract.Time,
    before_seq: z.int(),
  })
  .openapi("BinItem");
export type BinItem = z.infer<typeof BinItem>;

/** For how long deleted names can be restored where their project says nothing else. */
export const BinSettings = z
  .object({ recovery_days: z.int().min(1).max(36_500) })
  .openapi("BinSettings");

/** Putting names back. Whoever may do it in every project that the plan touches may do it. */
export const restores = {
  create: createRoute({
    method: "post",
    path: "/api/v2.0/restores",
    summary: "Plans a restore or an undo, and carries it out unless it is a dry run",
    description:
      "`Location` ends in the plan's id. Needs the right recovery:restore in the projects that " +
      "it changes, repository:delete too where names go, and what a change of members, settings " +
      "and rules needs; a system administrator for projects that are gone, for all of the " +
      "registry and for what comes out of a backup.",
    tags,
    ...needs("account"),
    request: { body: body(NewRestore) },
    responses: { 201: created, ...errors(400, 404, 409, 412, 422) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/restores/{id}",
    summary: "A plan of a restore, and how far it is",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(Restore, "The plan."), ...errors(404) },
  }),

  items: createRoute({
    method: "get",
    path: "/api/v2.0/restores/{id}/items",
    summary: "Names of a plan, in the order in which they are done",
    tags,
    ...needs("account"),
    request: {
      ...byId,
      query: PageQuery.extend({
        verdict: RestoreVerdict.optional(),
        outcome: z.enum(["done", "left"]).optional(),
      }),
    },
    responses: { 200: page(RestoreItem, "One page of names."), ...errors(404, 422) },
  }),

  execute: createRoute({
    method: "post",
    path: "/api/v2.0/restores/{id}/executions",
    summary: "Carries a plan out; one that was broken off goes on where it was",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 201: created, ...errors(404, 412) },
  }),

  stop: createRoute({
    method: "put",
    path: "/api/v2.0/restores/{id}",
    summary: "Stops a restore between two batches; if it has ended, nothing happens",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),
};

/** The recycle bin. */
export const bin = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/bin",
    summary: "What was deleted and can be restored, newest first",
    description: "Without `project` for system administrators only.",
    tags,
    ...needs("account"),
    request: {
      query: PageQuery.extend({ project: z.string().optional(), kind: BinKind.optional() }),
    },
    responses: { 200: page(BinItem, "One page of the bin."), ...errors(404, 422) },
  }),

  settings: createRoute({
    method: "get",
    path: "/api/v2.0/bin/settings",
    summary: "For how long deleted names can be restored",
    tags,
    ...needs("account"),
    responses: { 200: json(BinSettings, "The settings."), ...errors() },
  }),

  change: createRoute({
    method: "put",
    path: "/api/v2.0/bin/settings",
    summary: "Changes for how long deleted names can be restored",
    tags,
    ...needs("system"),
    request: { body: body(BinSettings) },
    responses: { 200: done, ...errors(400, 422) },
  }),
};
