export {
  type Endpoint,
  type Endpoints,
  type EndpointSettings,
  ENDPOINT_TYPES,
} from "./endpoints.ts";
export type { Filter, Selection } from "./filters.ts";
export type * from "./ports.ts";
export { type Policies, VENDOR } from "./policies.ts";
export { type Lag, listReplicas } from "./reconcile.ts";
export { openReplication, type Replication, type ReplicationOptions } from "./replication.ts";
export { REPLICATE, type ReplicatePayload } from "./replicas.ts";
export { RUN } from "./run-task.ts";
