import type { Action, Identity, Resource } from "@entrepot/access";
import type { JournalKind } from "@entrepot/catalog";
import { VENDOR as REPLICATION } from "@entrepot/replication";
import { RETENTION } from "@entrepot/retention";
import { sql } from "kysely";
import type { Happened } from "../change-feed.ts";
import type { ApiOptions } from "./app.ts";

/** Whether a caller may know of something that happened, and has asked for it. */
export type MayBeTold = (happened: Happened) => Promise<boolean>;

/** What is needed in a name's project to be told of it; null: to be a system administrator. */
const NEEDED: Readonly<Record<JournalKind, readonly [Resource, Action] | "anybody" | null>> = {
  access_token: null,
  account: null,
  artifact_label: ["repository", "read"],
  conflict: ["repository", "read"],
  endpoint: null,
  immutable: ["immutable-tag", "list"],
  label: ["label", "list"],
  manifest: ["repository", "read"],
  member: ["member", "list"],
  policy: ["replication-policy", "list"],
  project: ["project", "read"],
  quota: ["project", "read"],
  repository: ["repository", "read"],
  retention: ["tag-retention", "read"],
  robot: ["robot", "list"],
  setting: "anybody",
  tag: ["repository", "read"],
  user_group: null,
  webhook: ["notification-policy", "read"],
};

const REMEMBERED_MS = 10_000;
const MOST_REMEMBERED = 1_000;

/**
 * What `identity` may be told of, within `project` if one is given. Rights are asked for as they
 * are now, and remembered for ten seconds.
 */
export function openMayBeTold(
  { access, catalog }: Pick<ApiOptions, "access" | "catalog">,
  identity: Identity,
  only: string | null,
): MayBeTold {
  const known = new Map<string, { readonly until: number; readonly may: Promise<boolean> }>();
  const may = (project: string, [resource, action]: readonly [Resource, Action]) => {
    const key = `${resource}:${action} ${project}`;
    const found = known.get(key);
    if (found && found.until > Date.now()) return found.may;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const asked = access.may(identity, project, resource, action);
    known.set(key, { until: Date.now() + REMEMBERED_MS, may: asked });
    return asked;
  };

  const ofExecution = async ({ change }: Happened & { event: "execution" }) => {
    const project = await projectOfRun(catalog, change.vendor, change.vendorId);
    if (only !== null && project !== only) return false;
    if (identity.sysadmin || change.actor === identity.name) return true;
    if (project === null) return false;
    return may(
      project,
      change.vendor === RETENTION ? ["tag-retention", "read"] : ["replication", "list"],
    );
  };

  return async (happened) => {
    if (happened.event === "execution") return ofExecution(happened);
    const { kind, key } = happened;
    const needed = NEEDED[kind];
    const project = kind === "policy" ? happened.project : placeOf(needed, key);
    if (only !== null && project !== only) return false;
    if (identity.sysadmin || needed === "anybody") return true;
    // A global label is everybody's to see.
    if (project === null) return kind === "label";
    return needed !== null && may(project, needed);
  };
}

/** The project that a key begins with, or null. */
function placeOf(needed: (typeof NEEDED)[JournalKind], key: string): string | null {
  return needed === null || needed === "anybody" ? null : key.split("/", 1)[0] || null;
}

/** The project whose policy runs; null: none's. */
async function projectOfRun(
  { db }: ApiOptions["catalog"],
  vendor: string,
  id: number,
): Promise<string | null> {
  if (vendor !== REPLICATION && vendor !== RETENTION) return null;
  const policies = vendor === RETENTION ? "retention_policy" : "replication_policy";
  const { rows } = await sql<{ name: string }>`
    SELECT project.name FROM ${sql.table(policies)} AS policy
    JOIN project ON project.id = policy.project_id WHERE policy.id = ${id}`.execute(db);
  return rows[0]?.name ?? null;
}
