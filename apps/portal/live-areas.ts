import type { ChangeEvent, ExecutionEvent } from "@entrepot/api";

/** Areas of data (the first part of query keys) that a change of each kind of name is in. */
const OF_KIND: Readonly<Record<string, readonly string[]>> = {
  access_token: ["tokens"],
  account: ["users", "groups"],
  artifact_label: ["labels", "artifacts"],
  conflict: ["conflicts", "lag"],
  endpoint: ["endpoints"],
  immutable: ["policies", "artifacts"],
  label: ["labels", "artifacts"],
  manifest: ["artifacts", "tags", "repositories", "bin", "quotas"],
  member: ["members", "projects"],
  policy: ["policies", "lag"],
  project: ["projects", "bin"],
  quota: ["quotas", "projects"],
  repository: ["repositories", "projects", "bin"],
  retention: ["retentions", "projects"],
  robot: ["robots"],
  setting: ["settings"],
  tag: ["tags", "artifacts", "repositories", "bin", "lag"],
  user_group: ["groups", "members"],
  webhook: ["webhooks"],
};

/** The same of executions, by whose they are. */
const OF_VENDOR: Readonly<Record<string, readonly string[]>> = {
  BACKUP: ["backups"],
  CHECK: ["checks"],
  DRILL: ["drills"],
  GARBAGE_COLLECTION: ["garbage", "quotas"],
  PURGE_AUDIT_LOG: ["audit"],
  REPAIR: ["checks"],
  REPLICATION: ["conflicts", "lag", "policies"],
  RESTORE: ["history", "bin"],
  RETENTION: ["retentions"],
  WEBHOOK: ["webhooks"],
};

/** What to ask again after a change of a name. */
export function areasOfChange({ kind }: Pick<ChangeEvent, "kind">): readonly string[] {
  return [...(OF_KIND[kind] ?? []), "history", "audit"];
}

/** What to ask again after an execution has begun or ended. */
export function areasOfExecution({ vendor }: Pick<ExecutionEvent, "vendor">): readonly string[] {
  return ["executions", "jobs", ...(OF_VENDOR[vendor] ?? [])];
}
