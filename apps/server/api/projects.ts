import { putMember, ROLES } from "@entrepot/access";
import {
  type NewProject,
  parseQuery,
  parseSort,
  PROJECT_FIELDS,
  type ProjectMetadata,
  routes,
} from "@entrepot/api";
import type { Commit } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { putQuota, UNLIMITED } from "@entrepot/retention";
import { sql } from "kysely";
import { deleteProject } from "../delete-project.ts";
import { PROJECT_CREATION, PROJECT_STORAGE } from "../known-settings.ts";
import { projectParts } from "../restorable-kinds.ts";
import { type ApiOptions, type App, requires } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import {
  PROJECT_COLUMNS,
  PROJECT_SORTS,
  projectRows,
  projectSummary,
  shownProject,
} from "./project-rows.ts";
import { contains, orderOf, whereOf } from "./sql-filter.ts";

const { projects } = routes;

/** Adds projects: what they are, their settings and counts. */
export function addProjects(app: App, options: ApiOptions): void {
  addExists(app, options);
  addList(app, options);
  addCreate(app, options);
  addOne(app, options);
  addCounts(app, options);
}

/** Hono hands HEAD to the handler for GET: so this stands in front of the list. */
function addExists(app: App, options: ApiOptions): void {
  const signedIn = requires(options, "account");
  app.get(projects.exists.path, async (context, next) => {
    if (context.req.method !== "HEAD") return next();
    await signedIn(context, async () => {});
    const name = context.req.query("project_name");
    if (!name) throw new RegistryError("UNPROCESSABLE", "give project_name in the query");
    const found = await projectRows(options, context.get("identity"))
      .where("project.name", "=", name)
      .executeTakeFirst();
    if (!found) throw missing(name);
    return context.body(null, 200);
  });
}

function addList(app: App, options: ApiOptions): void {
  app.openapi(projects.list, async (context) => {
    const query = context.req.valid("query");
    let rows = projectRows(options, context.get("identity")).where(
      whereOf(parseQuery(query.q, PROJECT_FIELDS), PROJECT_COLUMNS),
    );
    if (query.name) rows = rows.where(contains(sql`project.name`, query.name));
    if (query.owner) rows = rows.where("project.owner", "=", query.owner);
    if (context.req.query("public") !== undefined) {
      const wanted = String(query.public);
      rows = rows.where(sql<boolean>`coalesce(project.metadata->>'public', 'false') = ${wanted}`);
    }
    const order = orderOf(parseSort(query.sort, PROJECT_SORTS), PROJECT_COLUMNS, {
      standard: sql`project.name`,
      last: sql`project.id`,
    });
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownProject), total });
  });
}

function addCreate(app: App, options: ApiOptions): void {
  const { settings } = options;
  const middleware: ReturnType<typeof requires> = (context, next) => {
    const anybody =
      settings.get(PROJECT_CREATION) === "everyone" && context.get("identity").kind === "account";
    return requires(options, anybody ? "account" : projects.create["x-right"])(context, next);
  };
  app.openapi({ ...projects.create, middleware }, async (context) => {
    const identity = context.get("identity");
    const body = context.req.valid("json");
    const { public: isPublic = "false", ...given } = metadataOf(body);
    // Nothing is set yet that an empty text would take away.
    const metadata = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
    const name = body.project_name;
    const registryId = body.registry_id || null;
    // Its credential reads what projects proxy, so that is not for everybody who may make one.
    if (registryId !== null && !(await options.access.maySystem(identity, "registry:read"))) {
      throw new RegistryError(
        "FORBIDDEN",
        "a project that proxies a registry endpoint needs the right registry:read; ask a system " +
          "administrator, or leave out registry_id",
      );
    }
    if (registryId !== null && !(await options.replication.endpoints.get(registryId))) {
      throw new RegistryError("BAD_REQUEST", `registry endpoint ${registryId} does not exist`);
    }
    const id = await options.content.projects.create(
      context.get("actor"),
      { name, public: isPublic === "true", metadata, registryId },
      async (commit) => {
        // A robot is no member: it may do what its permissions say.
        if (identity.kind === "account") {
          await putMember(commit, name, identity.name, { role: ROLES.projectAdmin });
        }
        // As in Harbor, only a system administrator chooses otherwise.
        const chosen = identity.sysadmin ? body.storage_limit : undefined;
        await limitStorage(commit, name, chosen ?? settings.get(PROJECT_STORAGE));
      },
    );
    await options.upstreams.refresh();
    const byName = context.req.valid("header")["x-resource-name-in-location"] === "true";
    context.header("Location", `/api/v2.0/projects/${byName ? name : id}`);
    return context.body(null, 201);
  });
}

/** Gives a project that is being made its quota. Harbor's clients send 0 for none, too. */
async function limitStorage(commit: Commit, name: string, storage: number): Promise<void> {
  if (storage === UNLIMITED || storage === 0) return;
  const { id } = await commit.db
    .selectFrom("project")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  await putQuota(commit, { id, name }, storage);
}

function addOne(app: App, options: ApiOptions): void {
  const { projects: stored } = options.content;

  app.openapi(
    { ...projects.get, middleware: requires(options, "project:read") },
    async (context) => {
      const { id, name } = context.get("project");
      const row = await projectRows(options, context.get("identity"))
        .where("project.id", "=", id)
        .executeTakeFirst();
      if (!row) throw missing(name);
      return context.json(shownProject(row), 200);
    },
  );

  app.openapi(
    { ...projects.update, middleware: requires(options, "project:update") },
    async (context) => {
      const { name } = context.get("project");
      const metadata = metadataOf(context.req.valid("json"));
      if (!(await stored.update(context.get("actor"), name, metadata))) throw missing(name);
      return context.body(null, 200);
    },
  );

  app.openapi(
    { ...projects.delete, middleware: requires(options, "project:delete") },
    async (context) => {
      const { name } = context.get("project");
      const { cascade } = context.req.valid("query");
      const actor = context.get("actor");
      if (cascade) {
        const cause = await deleteProject(options, actor, name);
        if (cause === null) throw missing(name);
        // Not this request's, if an earlier one began it.
        context.header("Entrepot-Cause", cause);
        return context.body(null, 200);
      }
      const parts = projectParts({ ...options, cascade: false });
      if (!(await stored.remove(actor, name, parts))) throw missing(name);
      return context.body(null, 200);
    },
  );
}

function addCounts(app: App, options: ApiOptions): void {
  app.openapi(
    { ...projects.deletable, middleware: requires(options, "project:delete") },
    async (context) => {
      const { id } = context.get("project");
      const { repo_count: count } = await projectSummary(options.catalog, id);
      const message = count === 0 ? "" : `the project has ${count} repositories; delete them first`;
      return context.json({ deletable: count === 0, message }, 200);
    },
  );

  app.openapi(
    { ...projects.summary, middleware: requires(options, "project:read") },
    async (context) => {
      const { id, name } = context.get("project");
      const summary = await projectSummary(options.catalog, id);
      if (await options.access.may(context.get("identity"), name, "member", "list")) {
        return context.json(summary, 200);
      }
      return context.json({ ...summary, ...NO_MEMBERS }, 200);
    },
  );
}

/** Whoever may not list members does not learn their number either. */
const NO_MEMBERS = {
  project_admin_count: 0,
  maintainer_count: 0,
  developer_count: 0,
  guest_count: 0,
  limited_guest_count: 0,
};

/** The settings given, `public` among them in either of its forms. */
function metadataOf(given: Pick<NewProject, "public" | "metadata">): Record<string, string> {
  const metadata: ProjectMetadata = given.metadata ?? {};
  // Clients send back what they were shown: the policy's id is shown here, and kept elsewhere.
  const set = Object.entries(metadata).filter(
    ([key, value]) => typeof value === "string" && key !== "retention_id",
  );
  const isPublic = metadata.public ?? given.public?.toString();
  const days = metadata["proxy_keep_days"];
  if (days && !/^[1-9][0-9]{0,3}$/.test(days)) {
    throw new RegistryError(
      "BAD_REQUEST",
      `proxy_keep_days ${JSON.stringify(days)} is not accepted: give 1 to 9999 days, or "" for ` +
        "none",
    );
  }
  const kept = metadata["recovery_days"];
  if (kept && !/^[1-9][0-9]{0,4}$/.test(kept)) {
    throw new RegistryError(
      "BAD_REQUEST",
      `recovery_days ${JSON.stringify(kept)} is not accepted: give 1 to 99999 days, or "" for ` +
        "the registry's",
    );
  }
  return { ...(Object.fromEntries(set) as object), ...(isPublic && { public: isPublic }) };
}

function missing(name: string): RegistryError {
  return new RegistryError("NOT_FOUND", `project '${name}' does not exist`);
}
