import type { Database } from "@entrepot/catalog";
import type { Selectable } from "kysely";
import { DEFAULT_OPTIONS, storedOptions } from "./policy-options.ts";
import type { Policy, PolicySettings } from "./ports.ts";

/** A stored policy as the table has it. */
export type PolicyRow = Selectable<Database["replication_policy"]>;

/** The columns that settings fill. */
export function valuesOf(settings: PolicySettings) {
  return {
    name: settings.name,
    description: settings.description,
    enabled: settings.enabled,
    dest_endpoint_id: settings.destEndpointId,
    src_endpoint_id: settings.srcEndpointId,
    dest_namespace: settings.destNamespace,
    dest_namespace_replace_count: settings.destNamespaceReplaceCount,
    filters: JSON.stringify(settings.filters),
    trigger_type: settings.triggerType,
    cron: settings.triggerType === "scheduled" ? settings.cron.trim() : "",
    deletion: settings.deletion,
    override: settings.override,
    project_id: settings.projectId,
    options: JSON.stringify(storedOptions(settings.options)),
  };
}

/** A row as a policy. */
export function policyOf(row: PolicyRow): Policy {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    destEndpointId: row.dest_endpoint_id,
    srcEndpointId: row.src_endpoint_id,
    destNamespace: row.dest_namespace,
    destNamespaceReplaceCount: row.dest_namespace_replace_count,
    filters: row.filters as Policy["filters"],
    triggerType: row.trigger_type as Policy["triggerType"],
    cron: row.cron,
    deletion: row.deletion,
    override: row.override,
    projectId: row.project_id,
    options: { ...DEFAULT_OPTIONS, ...row.options },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
