export { type AnnouncedCopy, noteAnnounced } from "./announced-copies.ts";
export { type Conflict, dismissConflict, listConflicts } from "./conflicts.ts";
export { type Endpoint, ENDPOINT_TYPES, type EndpointSettings } from "./endpoint-rows.ts";
export type { DiffEntry, DiffState } from "./diff.ts";
export type { Endpoints } from "./endpoints.ts";
export { compileFilters } from "./filters.ts";
export { compileGlob } from "./glob.ts";
export { type Filter, FILTER_TYPES, type FilterType, type Selection } from "./filters.ts";
export { type Lag, readLag } from "./lag.ts";
export { DEFAULT_PACE, type Pace } from "./pace.ts";
export * from "./policy-options.ts";
export type * from "./ports.ts";
export { type Policies, VENDOR } from "./policies.ts";
export { PROMOTE, type Promotion } from "./promote-task.ts";
export { openReplication, type Replication, type ReplicationOptions } from "./replication.ts";
export { type ListedReplica, listReplicas } from "./replica-list.ts";
export { REPLICATE, type ReplicatePayload, RUN } from "./replicas.ts";
export type { ImageName, Whereabouts } from "./wait.ts";
export { waitUntilArrived } from "./wait-until-arrived.ts";
export type { WaitingCause } from "./waiting.ts";
export { type Estimate, MOST_QUESTIONS } from "./estimate.ts";
export { type Counts, type Decision, type Verdict, VERDICTS } from "./plan-run.ts";
export type { PreviewEnd, PreviewEvent } from "./preview.ts";
export { MOVE, STAGE, type StagePayload } from "./stage.ts";
export {
  heldDeletions,
  type PlannedName,
  readPlan,
  readPlanItems,
  type StoredPlan,
} from "./stored-plan.ts";
export type { CopyProgress } from "./copy-progress.ts";
export { windowAt } from "./windows.ts";
export { tokenBucket } from "./bandwidth.ts";
