import type { Repository } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { ApiOptions } from "./app.ts";
import { LISTED } from "./artifact-rows.ts";

/** A repository as `repositoryRows` finds it. */
export interface RepositoryRow {
  readonly id: number;
  readonly project_id: number;
  /** With its project. */
  readonly name: string;
  readonly description: string;
  readonly artifact_count: number;
  readonly pull_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** All repositories, each with the number of artifacts that its list shows. */
export function repositoryRows({ catalog }: Pick<ApiOptions, "catalog">) {
  return catalog.db
    .selectFrom("repository")
    .innerJoin("project", "project.id", "repository.project_id")
    .select([
      "repository.id",
      "repository.project_id",
      "repository.name",
      "repository.description",
      "repository.created_at",
      "repository.updated_at",
      sql<number>`(SELECT count(*)::integer FROM manifest
        WHERE manifest.repository_id = repository.id AND ${LISTED})`.as("artifact_count"),
      sql<number>`(SELECT coalesce(sum(count), 0)::bigint FROM pulled
        WHERE pulled.repository = repository.name)`.as("pull_count"),
    ]);
}

/** Where a route's path leads: the repository's whole name, its id if it exists. */
export interface RepositoryAt {
  readonly id: number;
  readonly name: string;
  readonly projectId: number;
}

/** The repository of this whole name, or null. */
export async function findRepository(
  { catalog }: Pick<ApiOptions, "catalog">,
  name: string,
): Promise<RepositoryAt | null> {
  const row = await catalog.db
    .selectFrom("repository")
    .select(["id", "name", "project_id as projectId"])
    .where("name", "=", name)
    .executeTakeFirst();
  return row ?? null;
}

/** The repository of this whole name. Throws NOT_FOUND. */
export async function repositoryNamed(
  options: Pick<ApiOptions, "catalog">,
  name: string,
): Promise<RepositoryAt> {
  const found = await findRepository(options, name);
  if (found) return found;
  throw unknownRepository(name);
}

/** NOT_FOUND for a repository. */
export function unknownRepository(name: string): RegistryError {
  return new RegistryError("NOT_FOUND", `repository '${name}' does not exist`);
}

/** A repository as Harbor shows it. */
export function shownRepository(row: RepositoryRow): Repository {
  return {
    id: row.id,
    project_id: row.project_id,
    name: row.name,
    description: row.description,
    artifact_count: row.artifact_count,
    pull_count: row.pull_count,
    creation_time: row.created_at.toISOString(),
    update_time: row.updated_at.toISOString(),
  };
}
