import { type NewPurgeSchedule, routes } from "@entrepot/api";
import type { PurgeParameters } from "@entrepot/events";
import { RegistryError } from "@entrepot/oci";
import type { z } from "@hono/zod-openapi";
import type { ApiOptions, App } from "./app.ts";
import { addSystemJob } from "./system-jobs.ts";

/** Adds purges of the audit log. */
export function addPurges(app: App, options: ApiOptions): void {
  addSystemJob(app, options, {
    routes: routes.purges,
    name: "PURGE_AUDIT_LOG",
    job: options.purges,
    nameOf: (id) => `purge ${id} of the audit log`,
    parametersOf,
    parametersShape,
  });
}

function parametersOf({
  schedule,
  parameters,
}: z.output<typeof NewPurgeSchedule>): PurgeParameters {
  if (!parameters && schedule.type !== "None") {
    throw new RegistryError(
      "BAD_REQUEST",
      "a purge needs parameters: audit_retention_hour and include_event_types",
    );
  }
  const { audit_retention_hour = 1, include_event_types = "", dry_run = false } = parameters ?? {};
  const types = include_event_types.split(",").filter((type) => type !== "");
  return { retentionHours: audit_retention_hour, types, dryRun: dry_run };
}

function parametersShape({ retentionHours, types, dryRun }: PurgeParameters) {
  return {
    audit_retention_hour: retentionHours,
    include_event_types: types.join(","),
    dry_run: dryRun,
  };
}
