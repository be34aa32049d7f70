import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, errors, json, needs, page } = contract;
const tags = ["auditlog"];

/**
 * A record of the audit log. Harbor's fields, and (ours) what kind it is, its result in a word, the
 * project, from where and with what (of a change: those of its request), what belongs together, the
 * journal's entry, what changed from what to what, and its hash. `id` counts without gaps.
 */
export const AuditRecord = z
  .object({
    id: z.int(),
    username: z.string(),
    resource: z.string(),
    resource_type: z.string(),
    operation: z.string(),
    operation_description: z.string(),
    operation_result: z.boolean(),
    op_time: contract.Time,
    kind: z.enum(["change", "request", "access", "login", "pull", "audit"]),
    result: z.enum(["success", "denied", "failure"]),
    project: z.string().nullable(),
    client_address: z.string(),
    user_agent: z.string(),
    cause: z.string(),
    seq: z.int().nullable(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string(),
  })
  .openapi("AuditLogExt");
export type AuditRecord = z.infer<typeof AuditRecord>;

/** What a check of the audit log found. */
export const AuditVerification = z
  .object({
    holds: z.boolean(),
    from: z.int(),
    to: z.int(),
    /** SHA-256 of the last record that holds, to be written down elsewhere. */
    hash: z.string(),
    /** The last record that was purged. */
    anchor: z.int().nullable(),
    seals: z.int(),
    /** Seals of another key than this server's: they cannot be checked. */
    foreign_seals: z.int(),
    key_id: z.string(),
    /** Ed25519, base64: with it seals can be checked elsewhere. */
    public_key: z.string(),
    broken: z.object({ id: z.int(), why: z.string() }).nullable(),
    /** Events that this node could not record since it was started. */
    dropped: z.int(),
  })
  .openapi("AuditVerification");
export type AuditVerification = z.infer<typeof AuditVerification>;

/** Fields that `q` can filter records by. */
export const AUDIT_FIELDS = {
  id: "number",
  username: "text",
  operation: "text",
  resource: "text",
  resource_type: "text",
  op_time: "time",
  kind: "text",
  result: "text",
  project: "text",
  client_address: "text",
  cause: "text",
} as const;

const description =
  "Newest first; `sort` by op_time or id. Records of kind `access` (from where changes came, " +
  "which the changes tell as well) only if `q` asks for a kind or a cause.";
const common = { tags, ...needs("account") };
const list = { query: ListQuery };
const listed = { 200: page(AuditRecord, "One page of records."), ...errors(400, 422) };

/** What a check may be told. */
export const KnownAuditHeads = z.object({
  heads: z
    .array(z.object({ id: z.int().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) }))
    .max(1_000)
    .default([]),
});

/** Who did what. */
export const audit = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/audit-logs",
    summary: "The audit log, as far as the caller may read logs",
    description,
    ...common,
    request: list,
    responses: listed,
  }),

  listExtended: createRoute({
    method: "get",
    path: "/api/v2.0/auditlog-exts",
    summary: "The same, by Harbor's newer name",
    description,
    ...common,
    request: list,
    responses: listed,
  }),

  events: createRoute({
    method: "get",
    path: "/api/v2.0/auditlog-exts/events",
    summary: "What operations on what records tell of",
    ...common,
    responses: {
      200: json(z.array(z.object({ event_type: z.string() })), "The events' types."),
      ...errors(),
    },
  }),

  ofProject: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name}/logs",
    summary: "A project's part of the audit log",
    description,
    tags,
    ...needs("log:list"),
    request: { params: z.object({ project_name: z.string().min(1) }), ...list },
    responses: { ...listed, ...errors(404) },
  }),

  export: createRoute({
    method: "get",
    path: "/api/v2.0/audit-logs/export",
    summary: "All records that fit, of every kind, oldest first, as CSV or JSON lines",
    description:
      "CSV: a cell that a spreadsheet would take for a formula has an apostrophe in front. " +
      "JSON lines have every field that hashes are made of.",
    ...common,
    request: {
      query: z.object({
        q: z.string().optional(),
        format: z.enum(["csv", "jsonl"]).default("csv"),
      }),
    },
    responses: {
      200: {
        description: "The records.",
        content: {
          "text/csv": { schema: z.string() },
          "application/x-ndjson": { schema: z.string() },
        },
      },
      ...errors(400, 422),
    },
  }),

  verify: createRoute({
    method: "post",
    path: "/api/v2.0/audit-logs/verify",
    summary: "Reads the whole log, and says whether anything in it was changed",
    description:
      "`heads`: records' ids and hashes that are known from elsewhere (the server's log, what " +
      "was forwarded, an earlier answer): only by them an end that was cut off is found.",
    tags,
    ...needs("system:audit-log:list"),
    request: { body: body(KnownAuditHeads) },
    responses: { 200: json(AuditVerification, "What was found."), ...errors(400) },
  }),
};
