import type { Catalog } from "@entrepot/catalog";
import { asDigest } from "@entrepot/oci";
import type { Origin, Site } from "./ports.ts";
import { keyOf } from "./planner.ts";
import type { Replica } from "./replicas.ts";

/**
 * `replica`, to be brought back to a target that has deleted it: somebody asked for that by hand,
 * so it is a change of today. The tag is set here anew, to what it names already; with its old
 * clock it would come before the deletion, and be taken for a late copy of what is gone.
 */
export async function givenBack(
  replica: Replica,
  { catalog, local }: { catalog: Catalog; local: Site },
): Promise<Replica> {
  const { repository, reference, wanted } = replica;
  const here = catalog.registryId;
  const { clock, ...origin } = replica.origin;
  if (clock === undefined || wanted === null) return replica;
  if (asDigest(reference)) return { ...replica, origin };
  const own = local.registry({ registry: here, seq: 0, path: [] }).repository(repository);
  if ((await own.resolve(reference))?.digest !== wanted) return replica;
  await own.tag(reference, wanted);
  const made = await catalog.db
    .selectFrom("journal")
    .select(["origin", "origin_seq", "path", "clock", "after"])
    .where("kind", "=", "tag")
    .where("key", "=", keyOf(replica))
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  if (made?.after?.["digest"] !== wanted || made.clock === null) return replica;
  const anew: Origin = {
    registry: made.origin,
    seq: made.origin_seq,
    path: [...made.path, here],
    clock: made.clock,
  };
  return { ...replica, origin: anew };
}
