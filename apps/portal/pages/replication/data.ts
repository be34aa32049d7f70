import type { Execution, Policy, PolicyLag, RegistryEndpoint } from "@entrepot/api";
import { queryOptions } from "@tanstack/react-query";
import { api, routes } from "../../api.ts";

/** Endpoints and policies that a choice or a picture shows at most. */
const MOST = 1_000;

async function first<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === MOST) break;
  }
  return found;
}

/** All endpoints, as far as the caller may see them. */
export const allEndpoints = queryOptions<RegistryEndpoint[]>({
  queryKey: ["endpoints", "all"],
  queryFn: () => first(api.each(routes.registries.list, {})),
});

/** All policies that the caller may see. */
export const allPolicies = queryOptions<Policy[]>({
  queryKey: ["policies", "all"],
  queryFn: () => first(api.each(routes.policies.list, {})),
});

/** How far the targets of all policies are behind. */
export const allLag = queryOptions<PolicyLag[]>({
  queryKey: ["lag", "all"],
  queryFn: () => first(api.each(routes.standing.list, {})),
  refetchInterval: 10_000,
});

/** A policy. */
export const onePolicy = (id: number) =>
  queryOptions<Policy>({
    queryKey: ["policies", id],
    queryFn: async () => (await api.policies.get({ params: { id } })).body,
  });

/** How far the target of a policy is behind. */
export const oneLag = (id: number) =>
  queryOptions<PolicyLag>({
    queryKey: ["lag", id],
    queryFn: async () => (await api.standing.get({ params: { id } })).body,
    refetchInterval: 5_000,
  });

/** The newest run of a policy; null if it never ran. */
export const lastExecution = (policyId: number) =>
  queryOptions<Execution | null>({
    queryKey: ["executions", "last", policyId],
    queryFn: async () => {
      const query = { policy_id: policyId, page_size: 1 };
      return (await api.executions.list({ query })).body[0] ?? null;
    },
    refetchInterval: ({ state }) => (state.data?.status === "InProgress" ? 2_000 : 15_000),
  });

/** A run. */
export const oneExecution = (id: number) =>
  queryOptions<Execution>({
    queryKey: ["executions", id],
    queryFn: async () => (await api.executions.get({ params: { id } })).body,
    refetchInterval: ({ state }) => (state.data?.end_time === undefined ? 1_500 : false),
  });
