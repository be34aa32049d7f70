import type { Actor, Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type ProjectOwners, projectParts } from "./restorable-kinds.ts";

/** How often what is pushed meanwhile is deleted, too. */
const ROUNDS = 3;

/**
 * Deletes a project with all that is in it, under one cause, by which all of it comes back:
 * repository by repository, so that nobody waits for all of it, and the project itself last. Broken
 * off, it may be done again. False if there was none. Throws PRECONDITION while somebody pushes on.
 */
export async function deleteProject(
  parts: ProjectOwners & { readonly catalog: Catalog },
  actor: Actor,
  name: string,
): Promise<boolean> {
  const { catalog, content } = parts;
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
      return await content.projects.remove(actor, name, projectParts({ ...parts, cascade: true }));
    } catch (error) {
      const isFull = error instanceof RegistryError && error.code === "PRECONDITION";
      if (!isFull || round === ROUNDS) throw error;
    }
  }
}
