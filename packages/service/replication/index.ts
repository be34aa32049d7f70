export { type Endpoint, ENDPOINT_TYPES, type EndpointSettings } from "./endpoint-rows.ts";
export type { Endpoints } from "./endpoints.ts";
export type { Filter, Selection } from "./filters.ts";
export type * from "./ports.ts";
export { type Policies, VENDOR } from "./policies.ts";
export { type Lag, listReplicas } from "./reconcile.ts";
export { openReplication, type Replication, type ReplicationOptions } from "./replication.ts";
export { REPLICATE, type ReplicatePayload } from "./replicas.ts";
export { RUN } from "./run-task.ts";
