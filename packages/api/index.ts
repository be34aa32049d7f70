export * from "./access-tokens.ts";
export * from "./artifact-content.ts";
export * from "./artifacts.ts";
export * from "./audit.ts";
export * from "./backups.ts";
export * from "./drills.ts";
export * from "./configurations.ts";
export * from "./conflicts.ts";
export { type ErrorStatus, Errors } from "./contract.ts";
export { parseCopySource, type CopySource } from "./copy-source.ts";
export * from "./event-stream.ts";
export * from "./executions.ts";
export * from "./failure.ts";
export * from "./checks.ts";
export * from "./garbage.ts";
export * from "./purges.ts";
export * from "./history.ts";
export * from "./immutable-rules.ts";
export * from "./job-shapes.ts";
export * from "./jobservice.ts";
export * from "./label.ts";
export * from "./labels.ts";
export * from "./members.ts";
export * from "./robots.ts";
export { openapiDocument } from "./openapi.ts";
export * from "./overview.ts";
export { linkHeader, PAGE_SIZE, PageQuery } from "./paging.ts";
export * from "./plans.ts";
export * from "./policies.ts";
export { TimeWindow } from "./policy-options.ts";
export * from "./projects.ts";
export {
  type Fields,
  type Filter,
  type Match,
  parseQuery,
  parseSort,
  type SortKey,
} from "./query.ts";
export * from "./quotas.ts";
export * from "./registries.ts";
export * from "./replicas.ts";
export * from "./repositories.ts";
export * from "./retentions.ts";
export type { Right } from "./right.ts";
export * from "./restores.ts";
export { type Routes, routes } from "./routes.ts";
export * from "./search.ts";
export * from "./sessions.ts";
export * from "./standing.ts";
export * from "./storage-migration.ts";
export * from "./storage-use.ts";
export * from "./system.ts";
export { type systemJobRoutes, type systemJobRun } from "./system-jobs.ts";
export * from "./tags.ts";
export * from "./users.ts";
export * from "./user-groups.ts";
export * from "./directories.ts";
export * from "./webhooks.ts";
export { type Validated, validationHook } from "./validation.ts";
