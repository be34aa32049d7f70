import type { Label, Member, Policy, RegistryEndpoint, User, UserGroup } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Call } from "./call.ts";
import { usageError } from "./exit-codes.ts";

type Api = Pick<Call, "api" | "server">;

/** The registry endpoint of this name, else of this id. Throws NOT_FOUND. */
export async function registryNamed({ api, server }: Api, text: string): Promise<RegistryEndpoint> {
  const all = api.each(routes.registries.list, { query: { name: text } });
  const found = await firstWhere(all, ({ name }) => name === text);
  if (found) return found;
  if (isId(text)) return (await api.registries.get({ params: { id: Number(text) } })).body;
  throw missing(server, `no registry endpoint '${text}'`, "registry list");
}

/** The replication policy of this name, else of this id. Throws NOT_FOUND. */
export async function policyNamed({ api, server }: Api, text: string): Promise<Policy> {
  const all = api.each(routes.policies.list, { query: { name: text } });
  const found = await firstWhere(all, ({ name }) => name === text);
  if (found) return found;
  if (isId(text)) return (await api.policies.get({ params: { id: Number(text) } })).body;
  throw missing(server, `no replication policy '${text}'`, "replication policy list");
}

/** The user of this name. Oneself is found without being an administrator. Throws NOT_FOUND. */
export async function userNamed({ api, server }: Api, text: string): Promise<User> {
  const { body: self } = await api.users.current();
  if (self.username === text) return self;
  const all = api.each(routes.users.list, { query: { q: `username=${quoted(text)}` } });
  const found = await firstWhere(all, ({ username }) => username === text);
  if (found) return found;
  throw missing(server, `no user '${text}'`, "user list");
}

/** The group of a directory that is called so here. Throws NOT_FOUND. */
export async function groupNamed({ api, server }: Api, text: string): Promise<UserGroup> {
  const all = api.each(routes.userGroups.list, { query: { group_name: text } });
  const found = await firstWhere(all, ({ group_name: name }) => name === text);
  if (found) return found;
  throw missing(server, `no user group '${text}'`, "group list");
}

/** The member of a project who has this user name. Throws NOT_FOUND. */
export async function memberNamed(
  { api, server }: Api,
  project: string,
  text: string,
): Promise<Member> {
  const all = api.each(routes.members.list, {
    params: { project_name_or_id: project },
    query: { entityname: text },
  });
  const found = await firstWhere(all, ({ entity_name: name }) => name === text);
  if (found) return found;
  const what = `no member '${text}' in project '${project}'`;
  throw missing(server, what, `project member list ${project}`);
}

/** The label of this name, of the project or of the whole registry. Throws NOT_FOUND. */
export async function labelNamed(
  { api, server }: Api,
  text: string,
  scope: { readonly scope: "g" | "p"; readonly project_id?: number },
): Promise<Label> {
  const all = api.each(routes.labels.list, { query: { ...scope, name: text } });
  const found = await firstWhere(all, ({ name }) => name === text);
  if (found) return found;
  throw missing(server, `no label '${text}'`, "label list");
}

/** The id of the project of this name. Throws NOT_FOUND. */
export async function projectIdOf({ api }: Pick<Api, "api">, name: string): Promise<number> {
  const headers = { "x-is-resource-name": "true" };
  const { body } = await api.projects.get({ params: { project_name_or_id: name }, headers });
  return body.project_id;
}

/** A repository, as a path of the API has it. */
export interface RepositoryName {
  readonly project_name: string;
  /** Without the project. */
  readonly repository_name: string;
}

/** `project/repository`. Throws a usage error for anything else. */
export function repositoryNamed(text: string): RepositoryName {
  const [, project, repository] = /^([^/:@]+)\/([^:@]+)$/.exec(text) ?? [];
  if (project !== undefined && repository !== undefined) {
    return { project_name: project, repository_name: repository };
  }
  throw usageError(`'${text}' is not a repository; give project/repository`);
}

/** `project/repository:tag` or `project/repository@digest`. Throws a usage error. */
export function artifactNamed(text: string): RepositoryName & { readonly reference: string } {
  const match = /^([^/:@]+)\/([^:@]+)(?::([^:@/]+)|@([^@/]+))$/.exec(text);
  const [, project, repository, tag, digest] = match ?? [];
  const reference = tag ?? digest;
  if (project !== undefined && repository !== undefined && reference !== undefined) {
    return { project_name: project, repository_name: repository, reference };
  }
  throw usageError(
    `'${text}' is not an artifact; give project/repository:tag or project/repository@digest`,
  );
}

async function firstWhere<T>(items: AsyncIterable<T>, matches: (item: T) => boolean) {
  for await (const item of items) {
    if (matches(item)) return item;
  }
  return null;
}

function isId(text: string): boolean {
  return /^[1-9]\d{0,8}$/.test(text);
}

function quoted(text: string): string {
  const quote = text.includes("'") ? '"' : "'";
  return `${quote}${text}${quote}`;
}

function missing(server: string, what: string, command: string): RegistryError {
  const message = `${new URL(server).host}: there is ${what}; 'entrepot ${command}' shows all`;
  return new RegistryError("NOT_FOUND", message);
}
