import type { Actor, Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ProjectOwners, projectParts } from "./restorable-kinds.ts";

/** How often what is pushed meanwhile is deleted, too. */
const ROUNDS = 3;

/**
 * Deletes a project with all that is in it, under one cause, by which all of it comes back:
 * repository by repository, so that nobody waits for all of it, and the project itself last. Broken
 * off, it may be done again, within a day under the same cause. Returns the cause, null if there
 * was no such project. Throws PRECONDITION while somebody pushes on.
 */
export async function deleteProject(
  parts: ProjectOwners & { readonly catalog: Catalog },
  asked: Actor,
  name: string,
): Promise<string | null> {
  const { catalog, content } = parts;
  const cause = await causeOfDeletion(catalog, asked, name);
  if (cause === null) return null;
  const actor = { ...asked, cause };
  for (let round = 1; ; round++) {
    const repositories = await catalog.db
      .selectFrom("repository")
      .innerJoin("project", "project.id", "repository.project_id")
      .select("repository.name")
      .where("project.name", "=", name)
      .orderBy("repository.name")
      .execute();
    for (const repository of repositories) {
      await content.deleteRepository(actor, repository.name);
    }
    try {
      const all = projectParts({ ...parts, cascade: true });
      return (await content.projects.remove(actor, name, all)) ? cause : null;
    } catch (error) {
      const isFull = error instanceof RegistryError && error.code === "PRECONDITION";
      if (!isFull || round === ROUNDS) throw error;
    }
  }
}

/**
 * The cause under which the project's deletion was begun, if that was lately and nothing of what it
 * deleted has come back since; else the actor's own.
 */
async function causeOfDeletion(
  { db }: Catalog,
  { cause }: Actor,
  name: string,
): Promise<string | null> {
  const { rows } = await sql<{ cause: string }>`
    INSERT INTO project_deletion AS begun (project_id, cause)
    SELECT id, ${cause} FROM project WHERE name = ${name}
    ON CONFLICT (project_id) DO UPDATE SET at = now(),
      cause = CASE WHEN begun.at > now() - interval '1 day' AND NOT EXISTS (
          SELECT FROM journal JOIN journal AS newer USING (kind, key)
          WHERE journal.cause = begun.cause AND newer.seq > journal.seq
            AND newer.cause <> begun.cause)
        THEN begun.cause ELSE excluded.cause END
    RETURNING cause
  `.execute(db);
  return rows[0]?.cause ?? null;
}
