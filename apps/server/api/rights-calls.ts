import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { routes } from "@entrepot/api";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "../testing.ts";
import { ACCESS_CALLS } from "./access-calls.ts";
import { CHECK_CALLS } from "./check-calls.ts";
import { DIRECTORY_CALLS } from "./directory-calls.ts";
import { type Callers, type Credential, makeCallers, PROJECTS } from "./rights-callers.ts";
import { ROBOT_CALLS } from "./robot-calls.ts";
import {
  ACTOR,
  PASSWORD,
  type Prepare,
  aPurge,
  aRestored,
  aSweep,
  idOf,
  leaver,
  membership,
  newImmutable,
  newRetention,
  projectLabel,
  somePolicy,
  someone,
  spareBackups,
  theBackupRun,
  theBackups,
  theConflict,
  theDrill,
  theImmutable,
  theLabel,
  thePlan,
  thePolicy,
  theQuota,
  theRetention,
  theRetentionRun,
  theRun,
  unused,
} from "./rights-preparations.ts";

/** A server with everybody in projects `closed` and `open`, each with an `app:v1`. */
export async function worldOfRoles(): Promise<TestServer & { readonly callers: Callers }> {
  const vault = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
  const server = await testServer({ workers: 0, backupFolders: [vault] });
  const close = () => server.close().finally(() => rm(vault, { recursive: true }));
  const { content } = server;
  await server.backups.targets.create(targetAt(vault));
  for (const name of PROJECTS) {
    await content.projects.create(ACTOR, { name, public: name === "open" });
    const image = sampleImage();
    await pushSample(content.as(ACTOR).repository(`${name}/app`), image, ["v1"]);
  }
  return { ...server, callers: await makeCallers(server), close };
}

/** A backup target that runs only when somebody says so. */
function targetAt(folder: string) {
  return {
    name: unused(),
    description: "",
    address: `file:${folder}`,
    enabled: true,
    cron: "",
    timeZone: "UTC",
    continuous: false,
    recipients: [],
    bytesPerSecond: 0,
    snapshotEveryDays: 7,
    keepLast: null,
    keepDays: null,
  };
}

/** Calls that need something to exist or to be absent first, by room and name of the route. */
const CALLS: Readonly<Record<string, Prepare>> = {
  ...CHECK_CALLS,
  ...DIRECTORY_CALLS,
  ...ROBOT_CALLS,
  "projects.exists": (_, project) => ({ query: { project_name: project } }),
  "projects.create": () => ({ body: { project_name: unused() } }),
  "projects.update": () => ({ body: { metadata: { note: "kept" } } }),
  "members.get": membership,
  "members.update": async (...at) => ({ ...(await membership(...at)), body: { role_id: 2 } }),
  "members.delete": membership,
  "members.create": async ({ access }, project) => {
    await access.removeMember(ACTOR, project, "extra");
    return { body: { role_id: 3, member_user: { username: "extra" } } };
  },
  "users.create": () => ({ body: { username: unused(), password: PASSWORD } }),
  "users.get": someone,
  ...ACCESS_CALLS,
  "users.delete": leaver,
  "users.setRights": async (server) => ({
    ...(await someone(server)),
    body: { rights: ["user:list"] },
  }),
  "users.setSysadmin": async (server) => ({
    ...(await someone(server)),
    body: { sysadmin_flag: false },
  }),
  "users.changePassword": async (server) => ({
    ...(await someone(server)),
    body: { old_password: PASSWORD, new_password: `${PASSWORD}!` },
  }),
  "search.find": (_, project) => ({ query: { q: project } }),
  "repositories.update": () => ({ body: { description: "an app" } }),
  "repositories.delete": async ({ content }, project) => {
    const repository = content.as(ACTOR).repository(`${project}/doomed`);
    await pushSample(repository, sampleImage(), ["v1"]);
    return { params: { repository_name: "doomed" } };
  },
  "artifacts.promote": (_, project) => ({
    params: { repository_name: "app", reference: "v1" },
    body: { repository: `${project}/promoted`, tags: ["v1"] },
  }),
  "artifacts.copy": (_, project) => ({
    params: { repository_name: "copy" },
    query: { from: `${project}/app:v1` },
  }),
  "artifacts.delete": async ({ content }, project) => {
    await pushSample(content.as(ACTOR).repository(`${project}/app`), sampleImage(), ["doomed"]);
    return { params: { reference: "doomed" } };
  },
  "artifacts.addLabel": async (server, project) => ({ body: await projectLabel(server, project) }),
  "artifacts.removeLabel": async (server, project) => {
    const { id } = await projectLabel(server, project);
    const { content } = server;
    const image = await content.as(ACTOR).repository(`${project}/app`).resolve("v1");
    await content.labels.put(ACTOR, id, `${project}/app`, image!.digest);
    return { params: { label_id: id } };
  },
  "labels.list": async (server, project) => ({
    query: { scope: "p", project_id: String(await idOf(server, project)) },
  }),
  "labels.create": async (server, project) => ({
    body: { name: unused(), scope: "p", project_id: await idOf(server, project) },
  }),
  "labels.get": theLabel,
  "labels.update": async (...at) => ({ ...(await theLabel(...at)), body: { color: "#123456" } }),
  "labels.delete": theLabel,
  "jobservice.stop": () => ({ body: { action: "stop" } }),
  "jobservice.changeQueue": () => ({ body: { action: "resume" } }),
  "drills.list": theBackups,
  "drills.get": theDrill,
  "drills.run": async (server) => ({ ...(await theBackups(server)), body: {} }),
  "backups.create": theBackups,
  "backups.get": theBackups,
  "backups.update": theBackups,
  "backups.delete": spareBackups,
  "backups.run": async (server) => ({ ...(await theBackups(server)), body: {} }),
  "backups.verify": async (server) => ({ ...(await theBackups(server)), body: {} }),
  "backups.prune": async (server) => ({ ...(await theBackups(server)), body: {} }),
  "backups.snapshots": theBackups,
  "backups.growth": theBackups,
  "backups.prunePlan": theBackups,
  "backups.executions": theBackups,
  "backups.execution": theBackupRun,
  "backups.stop": theBackupRun,
  "backups.restored": aRestored,
  "backups.confirm": aRestored,
  "garbage.get": aSweep,
  "garbage.stop": aSweep,
  "garbage.log": aSweep,
  "garbage.start": () => ({ body: { schedule: { type: "None" } } }),
  "purges.get": aPurge,
  "purges.stop": aPurge,
  "purges.log": aPurge,
  "purges.start": () => ({ body: { schedule: { type: "None" } } }),
  "purges.setSchedule": () => ({ body: { schedule: { type: "None" } } }),
  "garbage.setSchedule": () => ({ body: { schedule: { type: "None" } } }),
  "jobservice.nextTimes": () => ({ query: { cron: "0 0 3 * * *" } }),
  "jobservice.schedulesPaused": () => ({ params: { job_type: "all" } }),
  "policies.create": somePolicy,
  "policies.get": thePolicy,
  "policies.update": thePolicy,
  "policies.delete": thePolicy,
  "plans.preview": thePolicy,
  "plans.previewNew": somePolicy,
  "replicas.list": thePolicy,
  "replicas.announce": async (_, project) => ({
    params: { repository_name: "app" },
    body: { registry_id: randomUUID(), repository: `${project}/app` },
  }),
  "standing.get": thePolicy,
  "standing.diff": thePolicy,
  "executions.start": async (...at) => ({
    body: { policy_id: (await thePolicy(...at)).params.id },
  }),
  "executions.get": theRun,
  "executions.stop": theRun,
  "executions.retry": theRun,
  "executions.tasks": theRun,
  "executions.taskLog": theRun,
  "plans.ofExecution": theRun,
  "conflicts.dismiss": theConflict,
  "retentions.create": newRetention,
  "retentions.get": theRetention,
  "retentions.update": theRetention,
  "retentions.delete": theRetention,
  "retentions.start": async (...at) => ({
    ...(await theRetention(...at)),
    body: { dry_run: true },
  }),
  "retentions.executions": theRetention,
  "retentions.stop": async (...at) => ({
    ...(await theRetentionRun(...at)),
    body: { action: "stop" },
  }),
  "retentions.tasks": theRetentionRun,
  "retentions.plan": theRetentionRun,
  "retentions.taskLog": theRetentionRun,
  "immutableRules.create": newImmutable,
  "immutableRules.update": theImmutable,
  "immutableRules.delete": theImmutable,
  "quotas.get": theQuota,
  "quotas.update": theQuota,
  "history.at": () => ({ query: { at: "seq:0" } }),
  "history.diff": () => ({ query: { from: "seq:0" } }),
  // A project that has never been deleted is looked at from the beginning.
  "projectHistory.at": () => ({ query: { at: "seq:0" } }),
  "projectHistory.diff": () => ({ query: { from: "seq:0" } }),
  "restores.create": (_, project) => ({
    body: { name: `${project}/app`, at: "seq:0", keep_newer: true, dry_run: true },
  }),
  "restores.get": thePlan,
  "restores.items": thePlan,
  "restores.stop": thePlan,
  "restores.execute": thePlan,
  "bin.list": (_, project) => ({ query: { project } }),
  "bin.change": () => ({ body: { recovery_days: 30 } }),
  "tags.create": () => ({ body: { name: unused() } }),
  "tags.delete": async ({ content }, project) => {
    const repository = content.as(ACTOR).repository(`${project}/app`);
    const image = await repository.resolve("v1");
    await repository.tag("doomed", image!.digest);
    return { params: { reference: "doomed", tag_name: "doomed" } };
  },
};

/** Every route: by room and name, its method and path. */
export const ROUTES = Object.entries(routes).flatMap(([room, group]) =>
  Object.entries(group as Record<string, { method: string; path: string }>).map(
    ([name, { method, path }]) => ({ name: `${room}.${name}`, method, path }),
  ),
);

/** Calls `route` in `project` with `credential`, everything it needs made first. */
export async function callAs(
  server: TestServer,
  route: (typeof ROUTES)[number],
  { project, credential }: { project: string; credential: Credential },
): Promise<Response> {
  const { params, query, body } = (await CALLS[route.name]?.(server, project)) ?? {};
  const values: Readonly<Record<string, string | number>> = {
    project_name_or_id: project,
    project_name: project,
    repository_name: "app",
    reference: "v1",
    ...params,
  };
  // Nothing has this id: whoever is let in is told so.
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name) => String(values[name] ?? 999_999));
  const basic = credential && Buffer.from(credential.join(":")).toString("base64");
  const reads = route.method === "get" || route.method === "head";
  return fetch(`${server.url}${path}?${new URLSearchParams(query)}`, {
    method: route.method.toUpperCase(),
    headers: {
      ...(basic !== null && { authorization: `Basic ${basic}` }),
      ...(!reads && { "content-type": "application/json" }),
    },
    ...(!reads && { body: JSON.stringify(body ?? {}) }),
  });
}
