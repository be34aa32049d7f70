import { accessTokens } from "./access-tokens.ts";
import { artifactContent } from "./artifact-content.ts";
import { artifacts } from "./artifacts.ts";
import { audit } from "./audit.ts";
import { backups } from "./backups.ts";
import { drills } from "./drills.ts";
import { checks, repairs } from "./checks.ts";
import { configurations } from "./configurations.ts";
import { conflicts } from "./conflicts.ts";
import { eventStream } from "./event-stream.ts";
import { executions } from "./executions.ts";
import { history, projectHistory } from "./history.ts";
import { immutableRules } from "./immutable-rules.ts";
import { garbage } from "./garbage.ts";
import { purges } from "./purges.ts";
import { jobservice } from "./jobservice.ts";
import { labels } from "./labels.ts";
import { members } from "./members.ts";
import { overview } from "./overview.ts";
import { plans } from "./plans.ts";
import { policies } from "./policies.ts";
import { projects } from "./projects.ts";
import { quotas } from "./quotas.ts";
import { registries } from "./registries.ts";
import { replicas } from "./replicas.ts";
import { repositories } from "./repositories.ts";
import { retentions } from "./retentions.ts";
import { bin, restores } from "./restores.ts";
import { search } from "./search.ts";
import { sessions } from "./sessions.ts";
import { robots } from "./robots.ts";
import { standing } from "./standing.ts";
import { storageMigration } from "./storage-migration.ts";
import { storageUse } from "./storage-use.ts";
import { system } from "./system.ts";
import { tags } from "./tags.ts";
import { systemWebhooks, webhooks } from "./webhooks.ts";
import { users } from "./users.ts";
import { ldap, oidc } from "./directories.ts";
import { userGroups } from "./user-groups.ts";

/** Every route of the management API, by room. Paths are whole. */
export const routes = {
  backups,
  checks,
  repairs,
  drills,
  projects,
  members,
  robots,
  users,
  userGroups,
  ldap,
  oidc,
  sessions,
  accessTokens,
  repositories,
  artifacts,
  artifactContent,
  tags,
  labels,
  registries,
  policies,
  plans,
  executions,
  jobservice,
  garbage,
  purges,
  replicas,
  conflicts,
  history,
  projectHistory,
  retentions,
  immutableRules,
  quotas,
  storageUse,
  storageMigration,
  restores,
  bin,
  standing,
  webhooks,
  systemWebhooks,
  system,
  overview,
  search,
  configurations,
  eventStream,
  audit,
};

/** The route table's type, from which the client's methods follow. */
export type Routes = typeof routes;
