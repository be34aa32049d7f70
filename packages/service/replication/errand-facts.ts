import type { Catalog } from "@entrepot/catalog";
import type { Errand } from "./carry-out.ts";
import { noteConflict } from "./conflicts.ts";
import { deletionsOf, type Replica } from "./replicas.ts";
import { bringAgain, isWantedAgain } from "./shared-digest.ts";

/** What an errand asks and tells the catalog about `replica`. */
export function errandFacts(
  catalog: Catalog,
  replica: Pick<Replica, "policyId" | "target" | "reference">,
): Pick<Errand, "goingTags" | "onConflict" | "isWantedAgain" | "bringAgain"> {
  const { policyId, target: repository, reference: tag } = replica;
  return {
    goingTags: (of) => deletionsOf(catalog.db, of),
    onConflict: (winner, loser) =>
      noteConflict(catalog, { policyId, repository, tag, winner, loser }),
    isWantedAgain: (of) => isWantedAgain(catalog.db, of),
    bringAgain: (of) => bringAgain(catalog.db, of),
  };
}
