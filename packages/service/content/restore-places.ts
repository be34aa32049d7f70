import { type Commit, projectChange, repositoryChange } from "@entrepot/catalog";
import { sql } from "kysely";
import { dropProject } from "./projects.ts";
import type { RestoreNames } from "./restore-names.ts";

/** Puts projects back: their owners, settings, and what they are a proxy of. */
export const restoreProjects: RestoreNames = async (commit, names) => {
  const left: (string | null)[] = [];
  for (const { key: name, wanted, present, source, was } of names) {
    if (!wanted) {
      await lockWhole(commit, "project", [name]);
      left.push(await projectInTheWay(commit.db, name));
      if (left.at(-1) === null) await dropProject(commit, name);
      continue;
    }
    const metadata = JSON.stringify(wanted["metadata"]);
    const { rows } = await sql<ProjectRow>`
      INSERT INTO project (name, owner, metadata, registry_id)
      VALUES (${name}, ${String(wanted["owner"])}, ${metadata}::jsonb,
        (SELECT id FROM registry_endpoint WHERE id = ${wanted["registryId"] ?? null}::integer))
      ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, metadata = excluded.metadata,
        updated_at = now()
      WHERE (project.owner, project.metadata) IS DISTINCT FROM (excluded.owner, excluded.metadata)
      RETURNING owner, metadata, registry_id
    `.execute(commit.db);
    if (rows[0]) commit.record(projectChange(name, rows[0]));
    if (present === null && source == null && was != null) await noteReturn(commit, name, was);
    left.push(null);
  }
  return left;
};

/** Puts repositories back, and their descriptions. One that shall go must be empty. */
export const restoreRepositories: RestoreNames = async (commit, names) => {
  const back = names.filter(({ wanted }) => wanted !== null);
  const changed = await sql<{ name: string; description: string }>`
    INSERT INTO repository (project_id, name, description)
    SELECT project.id, k.name, k.description
    FROM unnest(${back.map(({ key }) => key)}::text[],
                ${back.map(({ wanted }) => String(wanted!["description"]))}::text[])
      AS k (name, description)
    JOIN project ON project.name = split_part(k.name, '/', 1)
    ON CONFLICT (name) DO UPDATE SET description = excluded.description, updated_at = now()
    WHERE repository.description <> excluded.description
    RETURNING name, description
  `.execute(commit.db);
  for (const row of changed.rows) commit.record(repositoryChange(row.name, row));

  const gone = names.filter(({ wanted }) => wanted === null).map(({ key }) => key);
  await lockWhole(commit, "repository", gone);
  const dropped = await sql<{ name: string }>`
    WITH dropped AS (
      DELETE FROM repository WHERE name = ANY(${gone}::text[])
        AND NOT EXISTS (SELECT FROM manifest WHERE repository_id = repository.id)
      RETURNING name
    ), blobs AS (
      DELETE FROM repository_blob USING dropped WHERE repository_blob.repository = dropped.name
    )
    SELECT name FROM dropped
  `.execute(commit.db);
  for (const { name } of dropped.rows) commit.record(repositoryChange(name, null));

  const here = await commit.db
    .selectFrom("repository")
    .select("name")
    .where(sql<boolean>`name = ANY(${names.map(({ key }) => key)}::text[])`)
    .execute();
  const there = new Set(here.map(({ name }) => name));
  return names.map(({ key, wanted }) => {
    if (wanted === null) return there.has(key) ? "it still has artifacts" : null;
    return there.has(key) ? null : "its project does not exist";
  });
};

/**
 * Waits for whoever is putting something into these, so that the next statement sees it: one that
 * waits for the lock itself judges by what there was before.
 */
async function lockWhole({ db }: Commit, table: "project" | "repository", names: string[]) {
  await sql`
    SELECT FROM ${sql.table(table)} WHERE name = ANY(${names}::text[]) ORDER BY name FOR UPDATE
  `.execute(db);
}

interface ProjectRow {
  readonly owner: string;
  readonly metadata: Record<string, string>;
  readonly registry_id: number | null;
}

/**
 * That this is the project which was deleted last, as it was in entry `was`: its members may read
 * what was before. One from before another deletion is not: between them the name was another's.
 */
async function noteReturn({ db }: Commit, name: string, was: number): Promise<void> {
  await sql`
    INSERT INTO project_return (name, deleted)
    SELECT ${name}, min(seq) FROM journal
    WHERE kind = 'project' AND key = ${name} AND after IS NULL AND seq > ${was}
    HAVING count(*) = 1
    ON CONFLICT DO NOTHING
  `.execute(db);
}

async function projectInTheWay(
  db: Parameters<RestoreNames>[0]["db"],
  name: string,
): Promise<string | null> {
  const repository = await db
    .selectFrom("repository")
    .innerJoin("project", "project.id", "repository.project_id")
    .select("repository.name")
    .where("project.name", "=", name)
    .limit(1)
    .executeTakeFirst();
  return repository ? `it still has repository '${repository.name}'` : null;
}
