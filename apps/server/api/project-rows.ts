import { highestRole, type Identity, listedProjects } from "@entrepot/access";
import type { Project, ProjectSummary } from "@entrepot/api";
import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { ApiOptions } from "./app.ts";

/** What projects can be ordered by. */
export const PROJECT_SORTS = ["name", "project_id", "creation_time", "update_time"] as const;

/** The fields of projects in SQL. */
export const PROJECT_COLUMNS = {
  name: sql`project.name`,
  project_id: sql`project.id`,
  owner_name: sql`project.owner`,
  public: sql`coalesce(project.metadata->>'public', 'false')`,
  creation_time: sql`project.created_at`,
  update_time: sql`project.updated_at`,
};

/** A project as `projectRows` finds it. */
export interface ProjectRow {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly owner_id: number | null;
  readonly metadata: Record<string, string>;
  readonly registry_id: number | null;
  readonly repo_count: number;
  /** The caller's. */
  readonly role: number | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The projects that `identity` may see. */
export function projectRows({ catalog }: Pick<ApiOptions, "catalog">, identity: Identity) {
  return catalog.db
    .selectFrom("project")
    .where(listedProjects(identity))
    .select([
      "project.id",
      "project.name",
      "project.owner",
      sql<Record<string, string>>`project.metadata || coalesce((
        SELECT jsonb_build_object('retention_id', retention_policy.id::text)
        FROM retention_policy WHERE project_id = project.id), '{}')`.as("metadata"),
      "project.registry_id",
      "project.created_at",
      "project.updated_at",
      sql<number | null>`(SELECT id FROM account WHERE username = project.owner)`.as("owner_id"),
      sql<number>`(SELECT count(*)::integer FROM repository
        WHERE project_id = project.id)`.as("repo_count"),
      sql<number | null>`(${highestRole(sql`project.id`, sql`${identity.accountId}::integer`)})`.as(
        "role",
      ),
    ]);
}

/** A project as Harbor shows it. */
export function shownProject(row: ProjectRow): Project {
  return {
    project_id: row.id,
    name: row.name,
    owner_id: row.owner_id ?? 0,
    owner_name: row.owner,
    metadata: row.metadata as Project["metadata"],
    registry_id: row.registry_id ?? 0,
    repo_count: row.repo_count,
    current_user_role_id: row.role ?? 0,
    current_user_role_ids: row.role === null ? [] : [row.role],
    creation_time: row.created_at.toISOString(),
    update_time: row.updated_at.toISOString(),
  };
}

/** Counts of project `id`. A blob that several of its repositories share counts once. */
export async function projectSummary({ db }: Catalog, id: number): Promise<ProjectSummary> {
  const { rows } = await sql<Omit<ProjectSummary, "quota"> & { used: number; hard: number }>`
    SELECT
      (SELECT count(*)::integer FROM repository WHERE project_id = ${id}) AS repo_count,
      count(*) FILTER (WHERE role = 1)::integer AS project_admin_count,
      count(*) FILTER (WHERE role = 4)::integer AS maintainer_count,
      count(*) FILTER (WHERE role = 2)::integer AS developer_count,
      count(*) FILTER (WHERE role = 3)::integer AS guest_count,
      count(*) FILTER (WHERE role = 5)::integer AS limited_guest_count,
      coalesce((SELECT storage FROM quota WHERE project_id = ${id}), -1)::bigint AS hard,
      coalesce((SELECT quota.used FROM quota WHERE project_id = ${id}),
        project_bytes(${id}::integer)) AS used
    FROM member WHERE project_id = ${id}
  `.execute(db);
  const { used, hard, ...counts } = rows[0]!;
  return { ...counts, quota: { hard: { storage: hard }, used: { storage: used } } };
}
