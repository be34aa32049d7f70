import type { Catalog } from "@entrepot/catalog";
import { type Digest, projectOf } from "@entrepot/oci";
import { PAGE_SIZE, pageOf, type Page, type PageQuery } from "@entrepot/registry";
import type { Registry, Repository } from "@entrepot/registry";
import { sql } from "kysely";
import { askable } from "./account-rules.ts";
import type { Identity } from "./identity.ts";
import {
  needsRole,
  needsToken,
  unknownOrHidden,
  unknownProject,
  type RepositoryAction,
} from "./refusal.ts";
import { mayListCatalog, type Rights, visibleProjects } from "./rights.ts";
import { allows, type Standing } from "./roles.ts";

/** What a guard decides by. */
export interface GuardOptions {
  readonly catalog: Catalog;
  readonly rights: Rights;
  readonly identity: Identity;
}

/**
 * `registry` as `identity` may use it: every method checks first. Made for one request, and asks
 * for a project's rights at most once in it.
 *
 * Refusals: UNAUTHORIZED where a (new) token may help; NAME_UNKNOWN for a project that does not
 * exist or that the caller may not see; DENIED where the caller may read, but not do this.
 */
export function guardRegistry(registry: Registry, options: GuardOptions): Registry {
  const judge = judgeOf(options);
  return {
    repository: (name) => guardRepository(registry.repository(name), judge, options),
    async repositories(query) {
      if (!mayListCatalog(options.identity)) {
        throw needsToken({ type: "registry", name: "catalog", actions: ["*"] });
      }
      return listVisible(options, query);
    },
  };
}

function guardRepository(inner: Repository, judge: Judge, options: GuardOptions): Repository {
  const { name } = inner;
  const need = (action: RepositoryAction) => judge.require(name, action);
  const grant = (action: RepositoryAction) => judge.requireGrant(name, action);
  return {
    name,
    resolve: (reference) => afterwards(need("pull"), inner.resolve(reference)),
    stat: (digest) => afterwards(need("pull"), inner.stat(digest)),
    fetch: (content, range) => need("pull").then(() => inner.fetch(content, range)),
    ...(inner.locate && { locate: (content) => need("pull").then(() => inner.locate!(content)) }),
    tags: (query) => need("pull").then(() => inner.tags(query)),
    referrers: (digest, query) => need("pull").then(() => inner.referrers(digest, query)),

    push: (content, bytes, tags) => grant("push").then(() => inner.push(content, bytes, tags)),
    tag: (tag, digest) => need("push").then(() => inner.tag(tag, digest)),
    startUpload: (algorithm) => need("push").then(() => inner.startUpload(algorithm)),
    resumeUpload: (id) => grant("push").then(() => inner.resumeUpload(id)),

    delete: (reference) => need("delete").then(() => inner.delete(reference)),
    deleteBlob: (digest) => need("delete").then(() => inner.deleteBlob(digest)),

    async mount(content, from) {
      await need("push");
      const source = from ?? (await findSource(options, content.digest));
      if (source === null || !(await judge.mayTake(source))) return false;
      return inner.mount(content, source);
    },
  };
}

/**
 * The answer of `asked` once `allowed` is: the two questions go to the database side by side, since
 * pulls are what a registry does most. Whoever is refused learns nothing of the answer.
 */
async function afterwards<T>(allowed: Promise<void>, asked: Promise<T>): Promise<T> {
  asked.catch(() => undefined);
  await allowed;
  return asked;
}

/** Decides for one caller, in one request. */
interface Judge {
  may(repository: string, action: RepositoryAction): Promise<boolean>;
  /** Whether blobs may be mounted from there: what anybody may pull needs no grant in a token. */
  mayTake(repository: string): Promise<boolean>;
  /** Throws the refusal if the caller may not. */
  require(repository: string, action: RepositoryAction): Promise<void>;
  /** The same, for what finds out by itself that a project is gone: a token's grant will do. */
  requireGrant(repository: string, action: RepositoryAction): Promise<void>;
}

function judgeOf({ identity, rights }: GuardOptions): Judge {
  const standings = new Map<string, Promise<Standing>>();

  function standingIn(project: string): Promise<Standing> {
    const known = standings.get(project) ?? rights.standing(identity, project);
    standings.set(project, known);
    return known;
  }

  async function may(repository: string, action: RepositoryAction): Promise<boolean> {
    if (identity.grants === null) {
      return allows(await standingIn(projectOf(repository)), "repository", action);
    }
    if (!listed(identity, repository, "actions").includes(action)) return false;
    // Reading asks for nothing more: there is nothing to read in a project that is gone.
    return action === "pull" || (await standingIn(projectOf(repository))).exists;
  }

  async function require(repository: string, action: RepositoryAction): Promise<void> {
    if (await may(repository, action)) return;
    const asked = { type: "repository", name: repository, actions: [action] };
    if (identity.kind === "anonymous" || notAsked(identity, repository, action)) {
      throw needsToken(asked);
    }
    const standing = await standingIn(projectOf(repository));
    // Allowed since the token was issued: a new one will do.
    if (allows(standing, "repository", action)) throw needsToken(asked);
    if (allows(standing, "repository", "pull")) throw needsRole(repository, action);
    throw standing.sysadmin ? unknownProject(repository) : unknownOrHidden(repository);
  }

  return {
    may,
    require,
    async requireGrant(repository, action) {
      if (listed(identity, repository, "actions").includes(action)) return;
      await require(repository, action);
    },
    async mayTake(repository) {
      return (await may(repository, "pull")) || (await standingIn(projectOf(repository))).public;
    },
  };
}

/** The token at hand says nothing of this: whoever holds it may well be allowed to. */
function notAsked(identity: Identity, repository: string, action: RepositoryAction): boolean {
  if (identity.grants === null) return false;
  return !(["actions", "refused"] as const).some((part) =>
    listed(identity, repository, part).includes(action),
  );
}

function listed(
  identity: Identity,
  repository: string,
  part: "actions" | "refused",
): readonly string[] {
  const grant = identity.grants?.find(
    ({ type, name }) => type === "repository" && name === repository,
  );
  return grant?.[part] ?? [];
}

/** A repository that has blob `digest` and that the caller may pull. */
async function findSource(options: GuardOptions, digest: Digest): Promise<string | null> {
  const { catalog, identity } = options;
  let sources = catalog.db
    .selectFrom("repository_blob")
    .innerJoin("project", "project.id", "repository_blob.project_id")
    .select("repository_blob.repository")
    .where("digest", "=", digest);
  if (identity.grants === null) sources = sources.where(visibleProjects(identity));
  else {
    const named = identity.grants.filter((grant) => grant.actions.includes("pull"));
    sources = sources.where((eb) =>
      eb.or([
        eb("repository_blob.repository", "=", eb.fn.any(eb.val(named.map(({ name }) => name)))),
        sql<boolean>`project.metadata->>'public' = 'true'`,
      ]),
    );
  }
  const source = await sources.limit(1).executeTakeFirst();
  return source?.repository ?? null;
}

/** Filtered where the rows are: a page is full whenever more follow. */
async function listVisible(options: GuardOptions, query: PageQuery = {}): Promise<Page<string>> {
  const n = Math.min(query.n ?? PAGE_SIZE, PAGE_SIZE);
  const rows = await options.catalog.db
    .selectFrom("repository")
    .innerJoin("project", "project.id", "repository.project_id")
    .select("repository.name")
    .where(visibleProjects(options.identity))
    .where("repository.name", ">", askable(query.last ?? ""))
    .orderBy("repository.name")
    .limit(n + 1)
    .execute();
  return pageOf(
    rows.map((row) => row.name),
    (name) => name,
    { n },
  );
}
