import { type Accessory, ARTIFACT_FIELDS, parseQuery, parseSort, routes } from "@entrepot/api";
import { type Digest, RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ApiOptions, type App, requires } from "./app.ts";
import { ARTIFACT_COLUMNS, artifactAt, artifactRows, LISTED } from "./artifact-rows.ts";
import { shownAccessories, shownArtifacts } from "./artifact-shape.ts";
import { copyArtifact } from "./copy-artifact.ts";
import { foundIn } from "./found-in.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import { addPromotion } from "./promote-artifact.ts";
import { findRepository, repositoryNamed } from "./repository-rows.ts";
import { orderOf, whereOf } from "./sql-filter.ts";

const { artifacts } = routes;
const SORTS = ["id", "digest", "type", "media_type", "push_time"] as const;
const ACCESSORY_FIELDS = { digest: "text", type: "text", size: "number" } as const;

/** Adds artifacts: what tags, children and accessories they have, copies and deletions. */
export function addArtifacts(app: App, options: ApiOptions): void {
  addList(app, options);
  addOne(app, options);
  addAccessories(app, options);
  addCopy(app, options);
  addPromotion(app, options);
  addLabelling(app, options);
}

function addList(app: App, options: ApiOptions): void {
  const middleware = requires(options, "artifact:list");
  app.openapi({ ...artifacts.list, middleware }, async (context) => {
    const name = `${context.get("project").name}/${context.req.valid("param").repository_name}`;
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, ARTIFACT_FIELDS);
    const order = orderOf(parseSort(query.sort, SORTS), ARTIFACT_COLUMNS as never, {
      standard: sql`manifest.pushed_at DESC`,
      last: sql`manifest.id DESC`,
    });
    const repository = await findRepository(options, name);
    // As in Harbor: a repository deleted while a peer walks its list is empty, not an error.
    if (!repository) return paged(context, query, { items: [], total: 0 });
    const rows = artifactRows(options, repository.id)
      .where(LISTED)
      .where(whereOf(filter, ARTIFACT_COLUMNS));
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    const shown = await shownArtifacts(options, repository, items, query);
    return paged(context, query, { items: shown, total });
  });
}

function addOne(app: App, options: ApiOptions): void {
  app.openapi(
    { ...artifacts.get, middleware: requires(options, "artifact:read") },
    async (context) => {
      const { repository_name: name, reference } = context.req.valid("param");
      const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
      const row = await artifactAt(options, repository, reference);
      const wanted = context.req.valid("query");
      const [artifact] = await shownArtifacts(options, repository, [row], wanted);
      return context.json(artifact!, 200);
    },
  );

  app.openapi(
    { ...artifacts.delete, middleware: requires(options, "artifact:delete") },
    async (context) => {
      const { repository_name: name, reference } = context.req.valid("param");
      const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
      const { digest } = await artifactAt(options, repository, reference);
      const target = options.content.as(context.get("actor")).repository(repository.name);
      await target.delete(digest).catch((error: unknown) => {
        // An index has it as a child: 412 here, where the registry's own API says 403.
        if (!(error instanceof RegistryError && error.code === "DENIED")) throw error;
        throw new RegistryError("PRECONDITION", error.message, { cause: error });
      });
      return context.body(null, 200);
    },
  );
}

function addAccessories(app: App, options: ApiOptions): void {
  const middleware = requires(options, "artifact:list");
  app.openapi({ ...artifacts.accessories, middleware }, async (context) => {
    const { repository_name: name, reference } = context.req.valid("param");
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, ACCESSORY_FIELDS);
    const keys = parseSort(query.sort, ["creation_time"]);
    const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
    const { digest } = await artifactAt(options, repository, reference);
    const all = await shownAccessories(options, repository, [digest]);
    const kept = all.filter((accessory: Accessory) => keeps(filter, accessory));
    if (keys[0]?.descending) kept.reverse();
    return paged(context, query, pageOf(kept, query));
  });
}

function addCopy(app: App, options: ApiOptions): void {
  const middleware = requires(options, "artifact:create");
  app.openapi({ ...artifacts.copy, middleware }, async (context) => {
    const target = `${context.get("project").name}/${context.req.valid("param").repository_name}`;
    const { from } = context.req.valid("query");
    const reference = await copyArtifact(options, context, from, target);
    context.header("Location", `${new URL(context.req.url).pathname}/${reference}`);
    return context.body(null, 201);
  });
}

function addLabelling(app: App, options: ApiOptions): void {
  const { labels } = options.content;

  app.openapi(
    { ...artifacts.addLabel, middleware: requires(options, "artifact-label:create") },
    async (context) => {
      const { repository_name: name, reference } = context.req.valid("param");
      const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
      const { digest } = await artifactAt(options, repository, reference);
      const { id } = context.req.valid("json");
      if (await labels.put(context.get("actor"), id, repository.name, digest as Digest)) {
        return context.body(null, 200);
      }
      throw new RegistryError("CONFLICT", `label ${id} is on ${repository.name}@${digest} already`);
    },
  );

  app.openapi(
    { ...artifacts.removeLabel, middleware: requires(options, "artifact-label:delete") },
    async (context) => {
      const { repository_name: name, reference, label_id: id } = context.req.valid("param");
      const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
      const { digest } = await artifactAt(options, repository, reference);
      if (await labels.take(context.get("actor"), id, repository.name, digest as Digest)) {
        return context.body(null, 200);
      }
      throw new RegistryError("NOT_FOUND", `label ${id} is not on ${repository.name}@${digest}`);
    },
  );
}
