import { createHash } from "node:crypto";
import type { AuditLogTable } from "@entrepot/catalog";
import type { Selectable } from "kysely";

/**
 * What a record is about: a `change` of a name (from the journal), a `request` that was refused or
 * that changed something else, `access` (from where the changes of the same cause came), a `login`
 * (or a robot's token), a `pull`, or the `audit` log itself.
 */
export type AuditKind = "change" | "request" | "access" | "login" | "pull" | "audit";

/** What can be done, as records tell it. */
export const AUDIT_OPERATIONS = [
  "create",
  "update",
  "delete",
  "read",
  "login",
  "token",
  "pull",
  "purge",
  "drop",
] as const;

/** Something to be recorded. */
export interface AuditEvent {
  readonly at: Date;
  readonly kind: AuditKind;
  readonly operation: (typeof AUDIT_OPERATIONS)[number];
  /** The journal's kind, or the first part of the path. */
  readonly resourceType: string;
  readonly resource: string;
  readonly project: string | null;
  readonly actor: string;
  /** Where the request came from; empty if there was none. */
  readonly address: string;
  readonly userAgent: string;
  readonly result: "success" | "denied" | "failure";
  /** What belongs together: a request's id, or an execution. */
  readonly cause: string;
  /** The journal's entry. */
  readonly seq: number | null;
  /** More about it, never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A record as the database has it. */
export type AuditRow = Selectable<AuditLogTable>;

/** Characters that are kept of each text. */
const LONGEST = {
  operation: 64,
  resource_type: 64,
  resource: 1_024,
  project: 256,
  actor: 256,
  address: 64,
  user_agent: 512,
  cause: 128,
} as const;
const LONGEST_DETAIL = 32_768;

/** `event` as record `n`, after the one whose hash is `before`. */
export function recordOf(event: AuditEvent, n: number, before: Uint8Array): AuditRow {
  const row = {
    n,
    at: event.at,
    kind: event.kind,
    operation: kept(event.operation, LONGEST.operation),
    resource_type: kept(event.resourceType, LONGEST.resource_type),
    resource: kept(event.resource, LONGEST.resource),
    project: event.project === null ? null : kept(event.project, LONGEST.project),
    actor: kept(event.actor, LONGEST.actor),
    address: kept(event.address, LONGEST.address),
    user_agent: kept(event.userAgent, LONGEST.user_agent),
    result: event.result,
    cause: kept(event.cause, LONGEST.cause),
    seq: event.seq,
    detail: detailOf(event.detail),
  };
  return { ...row, hash: hashOf(row, before), emptied_by: null };
}

/**
 * SHA-256 of `before`, the hash of the record in front, and the record's fields as JSON text in
 * this order. See docs/guides/audit.md.
 */
export function hashOf(row: Omit<AuditRow, "hash" | "emptied_by">, before: Uint8Array): Buffer {
  const { n, at, kind, operation, resource_type, resource, project, actor } = row;
  const { address, user_agent, result, cause, seq, detail } = row;
  const fields = [
    n,
    at.toISOString(),
    kind,
    operation,
    resource_type,
    resource,
    project,
    actor,
    address,
    user_agent,
    result,
    cause,
    seq,
    detail,
  ];
  return createHash("sha256").update(before).update(JSON.stringify(fields)).digest();
}

/** As it can be stored and read back unchanged: bounded, without NUL, whole characters. */
function kept(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll("\0", "\uFFFD").toWellFormed();
}

function detailOf(detail: AuditEvent["detail"]): string {
  // JSON.stringify writes NUL and lone surrogates as escapes.
  const text = JSON.stringify(detail);
  return text.length <= LONGEST_DETAIL ? text : JSON.stringify({ tooLong: text.length });
}
