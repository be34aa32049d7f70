import type { Identity } from "@entrepot/access";
import type { NewPolicy, Policy as ShownPolicy, RegistryEndpoint } from "@entrepot/api";
import {
  type Endpoint,
  type Filter,
  type Policy,
  type PolicySettings,
} from "@entrepot/replication";
import { optionsOf, shownOptions } from "./policy-options-shape.ts";
import { outlined, shown } from "./registry-shape.ts";

/** A policy as given: `deletion` and `replicate_deletion` are one thing. Throws BAD_REQUEST. */
export function settingsOf(given: NewPolicy): PolicySettings {
  const { trigger } = given;
  return {
    name: given.name,
    description: given.description,
    enabled: given.enabled,
    destEndpointId: given.dest_registry?.id || null,
    srcEndpointId: given.src_registry?.id || null,
    destNamespace: given.dest_namespace,
    destNamespaceReplaceCount: given.dest_namespace_replace_count,
    filters: (given.filters ?? []).map(filterOf),
    triggerType: trigger?.type ?? "manual",
    cron: trigger?.trigger_settings?.cron ?? "",
    deletion: (given.deletion ?? false) || (given.replicate_deletion ?? false),
    override: given.override,
    projectId: given.project_id ?? null,
    options: optionsOf(given),
  };
}

/** Whether it is any good, the filter's compiler says. */
function filterOf({ type, value, decoration }: NonNullable<NewPolicy["filters"]>[number]): Filter {
  const given = decoration || (type === "tag" || type === "label" ? "matches" : undefined);
  return { type, value, ...(given && { decoration: given }) };
}

/** A policy as Harbor shows it, whole endpoints within. */
export function shownPolicy(policy: Policy, endpoints: readonly Endpoint[]): ShownPolicy {
  const endpointOf = (id: number | null): RegistryEndpoint => {
    const endpoint = endpoints.find((one) => one.id === id);
    return endpoint ? shown(endpoint) : LOCAL;
  };
  return {
    id: policy.id,
    name: policy.name,
    description: policy.description,
    src_registry: endpointOf(policy.srcEndpointId),
    dest_registry: endpointOf(policy.destEndpointId),
    dest_namespace: policy.destNamespace,
    dest_namespace_replace_count: policy.destNamespaceReplaceCount,
    filters: policy.filters.map(({ value, ...rest }) => ({
      ...rest,
      value: typeof value === "string" ? value : [...value],
    })),
    trigger: {
      type: policy.triggerType,
      trigger_settings: { cron: policy.cron, time_zone: policy.options.timeZone },
    },
    deletion: policy.deletion,
    replicate_deletion: policy.deletion,
    override: policy.override,
    enabled: policy.enabled,
    project_id: policy.projectId,
    ...shownOptions(policy.options),
    creation_time: policy.createdAt.toISOString(),
    update_time: policy.updatedAt.toISOString(),
  };
}

/** `policy` as `identity` may see it: of an endpoint others than its administrators see little. */
export function seenBy({ sysadmin }: Identity, policy: ShownPolicy): ShownPolicy {
  if (sysadmin) return policy;
  const { src_registry: from, dest_registry: to } = policy;
  return { ...policy, src_registry: outlined(from), dest_registry: outlined(to) };
}

/** This registry, as one of a policy's two. */
const LOCAL: RegistryEndpoint = {
  id: 0,
  name: "Local",
  description: "",
  type: "harbor",
  url: "",
  credential: { type: "basic", access_key: "", access_secret: "" },
  insecure: false,
  ca_certificate: "",
  proxy: "",
  proxy_username: "",
  proxy_password: "",
  concurrency: 0,
  bytes_per_second: 0,
  status: "healthy",
};
