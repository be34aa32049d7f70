import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";

/** What another registry says it is copying to a repository here. */
export interface AnnouncedCopy {
  readonly repository: string;
  /** The id of the registry that says so. */
  readonly registry: string;
  /** The repository's name there. */
  readonly source: string;
}

/** How long an announcement is good for; who goes on copying repeats it. */
export const ANNOUNCED_MS = 60_000;
/** Of one repository, and of all. */
const MOST_EACH = 16;
const MOST = 10_000;

/**
 * Notes `copy` for a minute, and forgets those whose minute is over; where there are too many
 * already it is not noted. It is a hint and no more: what is being copied is asked of the registry
 * of this id itself, at an endpoint of our own. Repeating is safe.
 */
export async function noteAnnounced({ db }: Pick<Catalog, "db">, copy: AnnouncedCopy) {
  const { repository, registry, source } = copy;
  await sql`DELETE FROM announced_copy WHERE until < clock_timestamp()`.execute(db);
  await sql`
    INSERT INTO announced_copy (repository, registry, source, until)
    SELECT ${repository}, ${registry}, ${source},
           clock_timestamp() + ${ANNOUNCED_MS} * interval '1 ms'
    WHERE (SELECT count(*) FROM announced_copy) < ${MOST}
      AND (SELECT count(*) FROM announced_copy WHERE repository = ${repository}) < ${MOST_EACH}
      OR EXISTS (SELECT FROM announced_copy WHERE repository = ${repository}
                   AND registry = ${registry} AND source = ${source})
    ON CONFLICT (repository, registry, source) DO UPDATE SET until = excluded.until
  `.execute(db);
}
