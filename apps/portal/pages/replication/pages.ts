import type { Page } from "../../page.ts";

/** Endpoints, policies, runs, the picture of it all, and conflicts. */
export const replicationPages: readonly Page[] = [
  { path: "/replication/endpoints", load: () => import("./endpoints.tsx") },
  { path: "/replication/policies", load: () => import("./policies.tsx") },
  { path: "/replication/policies/new", load: () => import("./policy-new.tsx") },
  { path: "/replication/policies/$id", load: () => import("./policy.tsx") },
  { path: "/replication/policies/$id/edit", load: () => import("./policy-edit.tsx") },
  { path: "/replication/executions", load: () => import("./executions.tsx") },
  { path: "/replication/executions/$id", load: () => import("./execution.tsx") },
  { path: "/replication/topology", load: () => import("./topology.tsx") },
  { path: "/replication/conflicts", load: () => import("./conflicts.tsx") },
];
