import { routes, type ShownAnnouncement } from "@entrepot/api";
import { AUTH_MODE, oidcSettings, visibleProjects } from "@entrepot/access";
import { sql } from "kysely";
import { announcementOf, isShown } from "../announcement.ts";
import { BANNER, PROJECT_CREATION, READ_ONLY } from "../known-settings.ts";
import { publicOrigin } from "../public-address.ts";
import { type ApiOptions, type App, requires } from "./app.ts";
import { HARBOR_VERSION, VERSION } from "./version.ts";

const system = routes.system;

/** Adds what tells of this registry as a whole. */
export function addSystem(app: App, options: ApiOptions): void {
  const { catalog, publicUrl, settings } = options;

  app.openapi(system.version, (context) => context.json({ version: "v2.0" as const }, 200));
  app.openapi(system.ping, (context) => context.text("Pong", 200));

  app.openapi(system.health, async (context) => {
    const error = await sql`SELECT 1`.execute(catalog.db).then(
      () => null,
      () => "the database does not answer",
    );
    const status = error === null ? ("healthy" as const) : ("unhealthy" as const);
    const database = { name: "database", status, ...(error !== null && { error }) };
    const core = { name: "core", status: "healthy" as const };
    return context.json({ status, components: [core, database] }, 200);
  });

  app.openapi(system.info, (context) => {
    const url = publicOrigin(publicUrl, context.req.raw);
    const announcement = shownAnnouncement(settings.get(BANNER), Date.now());
    return context.json(
      {
        auth_mode: settings.get(AUTH_MODE),
        primary_auth_mode: false,
        oidc_provider_name: oidcName(settings),
        harbor_version: HARBOR_VERSION,
        entrepot_version: VERSION,
        entrepot_registry_id: catalog.registryId,
        registry_url: new URL(url).host,
        external_url: url,
        project_creation_restriction: settings.get(PROJECT_CREATION) as "everyone" | "adminonly",
        self_registration: false,
        has_ca_root: false,
        read_only: settings.get(READ_ONLY),
        ...(announcement && { banner_message: settings.get(BANNER) }),
        announcement,
        notification_enable: false,
        registry_storage_provider_name: options.storageKind,
        current_time: new Date().toISOString(),
      },
      200,
    );
  });

  addStatistics(app, options);
}

/** What people know the provider by; empty where nobody logs in with one. */
function oidcName(settings: ApiOptions["settings"]): string {
  return settings.get(AUTH_MODE) === "oidc_auth" ? oidcSettings(settings).name : "";
}

/** The announcement in `text`, if it is to be shown at `now`, milliseconds since the epoch. */
function shownAnnouncement(text: string, now: number): ShownAnnouncement | null {
  const found = announcementOf(text);
  if (!found || !isShown(found, now)) return null;
  const { message, messageZh, severity, closable, to } = found;
  const until = to === null ? null : new Date(to).toISOString();
  return { message, message_zh: messageZh, severity, closable, until };
}

function addStatistics(app: App, options: ApiOptions): void {
  const { catalog } = options;
  app.openapi(
    { ...system.statistics, middleware: requires(options, "anyone") },
    async (context) => {
      const projects = catalog.db
        .selectFrom("project")
        .where(visibleProjects(context.get("identity")))
        .select(["project.id", sql<boolean>`metadata ->> 'public' = 'true'`.as("public")]);
      const { rows } = await sql<Record<"projects" | "repositories" | "publics" | "open", number>>`
        WITH p AS (${projects})
        SELECT count(DISTINCT p.id)::integer AS projects, count(r.id)::integer AS repositories,
               (count(DISTINCT p.id) FILTER (WHERE p.public))::integer AS publics,
               (count(r.id) FILTER (WHERE p.public))::integer AS open
        FROM p LEFT JOIN repository r ON r.project_id = p.id
      `.execute(catalog.db);
      const { projects: all, repositories, publics, open } = rows[0]!;
      const { rows: sizes } = await sql<{ bytes: number }>`
        WITH p AS (${projects})
        SELECT coalesce(sum(size), 0)::bigint AS bytes FROM (
          SELECT DISTINCT digest, size FROM repository_blob
          WHERE project_id IN (SELECT id FROM p)
          UNION ALL
          SELECT DISTINCT m.digest, m.size::bigint
          FROM manifest m JOIN repository r ON r.id = m.repository_id
          WHERE r.project_id IN (SELECT id FROM p)
        ) AS held
      `.execute(catalog.db);
      return context.json(
        {
          total_project_count: all,
          total_repo_count: repositories,
          public_project_count: publics,
          public_repo_count: open,
          private_project_count: all - publics,
          private_repo_count: repositories - open,
          total_storage_consumption: sizes[0]!.bytes,
        },
        200,
      );
    },
  );
}
