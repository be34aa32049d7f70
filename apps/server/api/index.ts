import { openapiDocument } from "@entrepot/api";
import { type ApiOptions, openApp } from "./app.ts";
import { addArtifacts } from "./artifacts.ts";
import { addBackups } from "./backups.ts";
import { addDrills } from "./drills.ts";
import { addChecks } from "./checks.ts";
import { addConfigurations } from "./configurations.ts";
import { addConflicts } from "./conflicts.ts";
import { addHistory } from "./history.ts";
import { addImmutableRules } from "./immutable-rules.ts";
import { addGarbage } from "./garbage.ts";
import { addJobservice } from "./jobservice.ts";
import { addLabels } from "./labels.ts";
import { addMembers } from "./members.ts";
import { addPlans } from "./plans.ts";
import { addProjects } from "./projects.ts";
import { addRepositories } from "./repositories.ts";
import { addQuotas } from "./quotas.ts";
import { addRetentions } from "./retentions.ts";
import { addRestores } from "./restores.ts";
import { addTags } from "./tags.ts";
import { addWebhooks } from "./webhooks.ts";
import { addUsers } from "./users.ts";
import { addReplication } from "./replication.ts";
import { addRegistries } from "./registries.ts";
import { addStanding } from "./standing.ts";
import { addStorageMigration } from "./storage-migration.ts";
import { addStorageUse } from "./storage-use.ts";
import { addSystem } from "./system.ts";

/** The management API under /api: Harbor's API v2.0 for what exists here. Never throws. */
export function openApi(options: ApiOptions) {
  const app = openApp(options);
  const document = JSON.stringify(openapiDocument(), null, 2);
  app.get("/api/docs", (context) =>
    context.body(document, 200, { "content-type": "application/json" }),
  );
  addSystem(app, options);
  addConfigurations(app, options);
  addRegistries(app, options);
  addReplication(app, options);
  addBackups(app, options);
  addDrills(app, options);
  addChecks(app, options);
  addConflicts(app, options);
  addHistory(app, options);
  addJobservice(app, options);
  addGarbage(app, options);
  addPlans(app, options);
  addRetentions(app, options);
  addImmutableRules(app, options);
  addQuotas(app, options);
  addStorageUse(app, options);
  addStorageMigration(app, options);
  addStanding(app, options);
  addWebhooks(app, options);
  addArtifacts(app, options);
  addLabels(app, options);
  addMembers(app, options);
  addProjects(app, options);
  addRepositories(app, options);
  addRestores(app, options);
  addTags(app, options);
  addUsers(app, options);
  return (request: Request, clientAddress: string) => app.fetch(request, { clientAddress });
}
