import { randomBytes } from "node:crypto";
import { NewPolicy } from "@entrepot/api";
import { ROLES } from "@entrepot/access";
import { RESTORED_FROM_BACKUP } from "@entrepot/recovery";
import type { TestServer } from "../testing.ts";
import { settingsOf } from "./policy-shape.ts";
import { EMPTY } from "./registry-shape.ts";

/** Everybody's password. */
export const PASSWORD = "correct horse";

/** Who prepares. */
export const ACTOR = { name: "test", cause: "test" };

/** What a call needs beside the defaults. Names in the path are as they are. */
export interface Call {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Makes what a call needs in `project`, and says how to call. */
export type Prepare = (server: TestServer, project: string) => Call | Promise<Call>;

/** A name that nothing bears. */
export const unused = () => `made-${randomBytes(6).toString("hex")}`;

/** An account that is nobody's own and may be changed. */
export async function someone({ access }: TestServer) {
  const extra = await access.findAccount("extra");
  return { params: { user_id: extra!.id } };
}

/** An account that may be deleted. */
export async function leaver({ access }: TestServer) {
  const { id } = await access.createAccount(ACTOR, { username: unused(), password: PASSWORD });
  return { params: { user_id: id } };
}

/** A membership that the call may do anything to. */
export async function membership({ access }: TestServer, project: string) {
  const { id } = await access.setMember(ACTOR, project, "extra", ROLES.guest);
  return { params: { mid: id } };
}

/** The id of `project`. */
export async function idOf({ catalog }: TestServer, project: string): Promise<number> {
  const row = await catalog.db
    .selectFrom("project")
    .select("id")
    .where("name", "=", project)
    .executeTakeFirstOrThrow();
  return row.id;
}

/** A new label of the project. */
export async function projectLabel(server: TestServer, project: string) {
  const projectId = await idOf(server, project);
  const label = { name: unused(), description: "", color: "", projectId };
  return { id: await server.content.labels.create(ACTOR, label) };
}

/** A label of the project that the call may do anything to. */
export async function theLabel(server: TestServer, project: string) {
  return { params: { label_id: (await projectLabel(server, project)).id } };
}

/** The endpoint of all policies: the server itself. */
export async function endpointOf({ url, credential, replication }: TestServer): Promise<number> {
  const [there] = await replication.endpoints.list();
  if (there) return there.id;
  const { username: accessKey, password: accessSecret } = credential;
  const given = { ...EMPTY, name: "self", url, accessKey, accessSecret };
  return replication.endpoints.create(given, ACTOR);
}

/** A policy of the project that may be stored. */
export async function somePolicy(server: TestServer, project: string) {
  const project_id = await idOf(server, project);
  return { body: { name: unused(), dest_registry: { id: await endpointOf(server) }, project_id } };
}

/** A policy of the project that is stored, and its settings anew. */
export async function thePolicy(server: TestServer, project: string) {
  const { body } = await somePolicy(server, project);
  const settings = settingsOf(NewPolicy.parse(body));
  return { body, params: { id: await server.replication.policies.create(settings, ACTOR) } };
}

/** A run of a policy of the project, and its one task, which nobody works on. */
export async function theRun(server: TestServer, project: string) {
  const { id: policyId } = (await thePolicy(server, project)).params;
  const id = await server.replication.run(policyId, "manual", ACTOR);
  const { items } = await server.jobs.tasks({ executionId: id, page: 1, pageSize: 1 });
  return { params: { id, task_id: items[0]!.id } };
}

/** A garbage collection, which nobody works on. */
export async function aSweep({ sweeps }: TestServer) {
  const [there] = (await sweeps.list({ page: 1, pageSize: 1 })).items;
  const parameters = { dryRun: true, deleteUntagged: false, workers: 1 };
  return { params: { gc_id: there?.execution.id ?? (await sweeps.start(parameters, "test")) } };
}

/** A purge of the audit log, which nobody works on. */
export async function aPurge({ purges }: TestServer) {
  const [there] = (await purges.list({ page: 1, pageSize: 1 })).items;
  const parameters = { dryRun: true, retentionHours: 1, types: [] };
  return { params: { purge_id: there?.execution.id ?? (await purges.start(parameters, "test")) } };
}

/** A conflict that came to the project with another registry's push. */
export async function theConflict({ catalog }: TestServer, project: string) {
  const { id } = await catalog.db
    .insertInto("replication_conflict")
    .values({ at: new Date(), repository: `${project}/app`, tag: unused() })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { params: { id } };
}

/** A plan of a restore in the project, which has not been carried out. */
export async function thePlan({ restores, catalog }: TestServer, project: string) {
  const seq = await catalog.head();
  const { id } = await restores.plan({ name: `${project}/app`, seq }, ACTOR);
  return { params: { id } };
}

/** The project's retention policy, which keeps all; and as a body, the same anew. */
export async function theRetention(server: TestServer, project: string) {
  const ref = await idOf(server, project);
  const there = await server.catalog.db
    .selectFrom("retention_policy")
    .select("id")
    .where("project_id", "=", ref)
    .executeTakeFirst();
  const settings = { rules: [], cron: null, timeZone: "UTC" };
  const of = { id: ref, name: project };
  const id = there?.id ?? (await server.retention.policies.create(ACTOR, of, settings));
  return { params: { id }, body: { scope: { level: "project", ref } } };
}

/** A project without a retention policy, and one that it could have. */
export async function newRetention(server: TestServer, project: string) {
  const { params, body } = await theRetention(server, project);
  await server.retention.policies.remove(ACTOR, params.id);
  return { body };
}

/** A run of the project's retention policy, and its one task, which nobody works on. */
export async function theRetentionRun(server: TestServer, project: string) {
  const { id } = (await theRetention(server, project)).params;
  const rule = {
    disabled: false,
    template: "always",
    count: 0,
    tags: [],
    repositories: [],
  } as const;
  await server.retention.policies.update(ACTOR, id, { rules: [rule], cron: null, timeZone: "UTC" });
  const dryRun = { dryRun: true, trigger: "manual", actor: ACTOR.name } as const;
  const eid = await server.retention.runs.start(id, dryRun);
  const { items } = await server.jobs.tasks({ executionId: eid, page: 1, pageSize: 1 });
  return { params: { id, eid, tid: items[0]!.id } };
}

/** An immutable rule that may be made; it matches no tag. */
export const newImmutable = (): Call => ({
  body: {
    tag_selectors: [{ decoration: "matches", pattern: unused() }],
    scope_selectors: { repository: [{ decoration: "repoMatches", pattern: "**" }] },
  },
});

/** An immutable rule of the project that the call may do anything to; it matches no tag. */
export async function theImmutable(server: TestServer, project: string) {
  const settings = {
    disabled: true,
    tagDecoration: "matches",
    tagPattern: unused(),
    repositoryDecoration: "repoMatches",
    repositoryPattern: "**",
  } as const;
  const ref = { id: await idOf(server, project), name: project };
  // There is a limit to how many a project has.
  for (const rule of await server.retention.immutable.list(ref.id)) {
    await server.retention.immutable.remove(ACTOR, ref, rule.id);
  }
  const id = await server.retention.immutable.create(ACTOR, ref, settings);
  return { ...newImmutable(), params: { immutable_rule_id: id } };
}

/** A project's quota. */
export async function theQuota(server: TestServer, project: string) {
  return { params: { id: await idOf(server, project) }, body: { hard: { storage: -1 } } };
}

/** The first backup target; as a body, a new one in the same folder. */
export async function theBackups({ backups }: TestServer) {
  const [first] = await backups.targets.list();
  return { params: { id: first!.id }, body: { name: unused(), address: first!.address } };
}

/** A backup target that the call may forget. */
export async function spareBackups({ backups }: TestServer) {
  const [first] = await backups.targets.list();
  const id = await backups.targets.create({ ...first!, name: unused() });
  return { params: { id } };
}

/** A trial restore, which nobody works on. */
export async function theDrill({ backups, drills }: TestServer) {
  const { id } = (await backups.targets.list())[0]!;
  const [there] = await drills.list(id);
  return { params: { id, execution_id: there?.execution.id ?? (await drills.run(id, ACTOR)) } };
}

/** A run of a backup, which nobody works on. */
export async function theBackupRun({ backups }: TestServer) {
  const [first] = await backups.targets.list();
  const execution_id = await backups.run(first!.id, ACTOR);
  return { params: { id: first!.id, execution_id } };
}

/** What a restore from a backup leaves to be confirmed. */
export async function aRestored({ catalog }: TestServer) {
  const value = JSON.stringify({ policies: [], targets: [], timeline: 2 });
  const row = { key: RESTORED_FROM_BACKUP, value };
  await catalog.db
    .insertInto("setting")
    .values(row)
    .onConflict((there) => there.doNothing())
    .execute();
  return {};
}
