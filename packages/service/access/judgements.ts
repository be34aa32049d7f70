import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Access } from "./access.ts";
import { ownProjects, type Rights } from "./rights.ts";
import { allows, rightBeyond } from "./roles.ts";
import { allowsSystem } from "./system-rights.ts";

/** What of `Access` says who may do what over the management API. */
export type Judgements = Pick<Access, "may" | "requireMore" | "projectsWith" | "maySystem">;

/** Judges by `rights`, as they are at every question. A registry token may nothing here. */
export function openJudgements(catalog: Pick<Catalog, "db">, rights: Rights): Judgements {
  return {
    async may(identity, project, resource, action) {
      if (identity.grants !== null) return false;
      return allows(await rights.standing(identity, project), resource, action);
    },

    async requireMore(identity, project, given) {
      const beyond = rightBeyond(await rights.standing(identity, project), given);
      if (beyond === null) return;
      throw new RegistryError(
        "FORBIDDEN",
        `this goes beyond what you may do in project '${project}': it has ${beyond}, which you ` +
          "have not; ask somebody who has",
      );
    },

    async projectsWith(identity, resource, action) {
      if (identity.grants !== null) return new Map();
      const own = await catalog.db
        .selectFrom("project")
        .select(["id", "name"])
        .where(ownProjects(identity))
        .orderBy("id")
        .execute();
      const standings = await Promise.all(own.map(({ name }) => rights.standing(identity, name)));
      const found = own.filter((_, n) => allows(standings[n]!, resource, action));
      return new Map(found.map(({ id, name }) => [id, name]));
    },

    async maySystem(identity, right) {
      if (identity.grants !== null) return false;
      return allowsSystem(await rights.systemStanding(identity), right);
    },
  };
}
