import { randomUUID } from "node:crypto";
import { setTimeout as pauseFor } from "node:timers/promises";
import type { Catalog } from "@entrepot/catalog";
import type { Transfers } from "@entrepot/registry";
import { sql } from "kysely";
import type { SecretBox } from "./ports.ts";

/** Of a holder that has not been heard of for so long, transfers are taken over. */
const ABANDONED_MS = 10_000;
const RENEW_MS = 3_000;
const LOOK_AGAIN_MS = 1_000;
/** What nobody has gone on with for so long is forgotten; the target has forgotten it, too. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;

/** Uploads under way, kept in the catalog. */
export interface BlobTransfers {
  /** Those to endpoint `id`; null is our own registry. */
  to(id: number | null): Transfers;
}

/**
 * The transfers of `catalog`, held in this process's name while they run: whoever wants the same
 * blob at the same target meanwhile waits, on any node, and goes on where a killed one was.
 */
export function blobTransfers(
  catalog: Pick<Catalog, "db">,
  box: SecretBox,
  holder = randomUUID() as string,
): BlobTransfers {
  const { db } = catalog;
  let held = 0;
  let renewing: NodeJS.Timeout | undefined;
  const renew = () => {
    const own = sql`UPDATE blob_transfer SET updated_at = clock_timestamp()
                    WHERE holder = ${holder}`;
    // A missed renewal costs at most that somebody else takes over.
    own.execute(db).catch(() => undefined);
  };
  const hold = (by: 1 | -1) => {
    held += by;
    if (held === 0) clearInterval(renewing);
    else if (held === 1 && by === 1) renewing = setInterval(renew, RENEW_MS).unref();
  };
  return { to: (id) => transfersTo({ db, box, holder, hold, endpointId: id ?? 0 }) };
}

interface Room {
  readonly db: Catalog["db"];
  readonly box: SecretBox;
  readonly holder: string;
  readonly hold: (by: 1 | -1) => void;
  readonly endpointId: number;
}

function transfersTo({ db, box, holder, hold, endpointId }: Room): Transfers {
  const contextOf = (repository: string, digest: string) =>
    `transfer:${endpointId}/${repository}@${digest}`;
  const rowOf = (repository: string, digest: string) => sql`
    endpoint_id = ${endpointId} AND repository = ${repository} AND digest = ${digest}`;

  return {
    async take(repository, digest, signal) {
      for (;;) {
        const { rows } = await sql<{ mine: boolean; location: Buffer | null }>`
          WITH taken AS (
            UPDATE blob_transfer SET holder = ${holder}, updated_at = clock_timestamp()
            WHERE ${rowOf(repository, digest)} AND (holder = ${holder}
              OR updated_at < clock_timestamp() - ${ABANDONED_MS} * interval '1 millisecond')
            RETURNING location_sealed
          )
          SELECT true AS mine, location_sealed AS location FROM taken
          UNION ALL
          SELECT false, NULL FROM blob_transfer WHERE ${rowOf(repository, digest)}
          ORDER BY mine DESC LIMIT 1
        `.execute(db);
        const [row] = rows;
        if (!row || row.mine) {
          hold(1);
          return row?.location ? box.open(row.location, contextOf(repository, digest)) : null;
        }
        await pauseFor(LOOK_AGAIN_MS, undefined, signal && { signal });
      }
    },

    async keep(repository, digest, id, offset) {
      const sealed = box.seal(id, contextOf(repository, digest));
      await sql`
        INSERT INTO blob_transfer
          (endpoint_id, repository, digest, location_sealed, "offset", holder)
        VALUES (${endpointId}, ${repository}, ${digest}, ${sealed}, ${offset}, ${holder})
        ON CONFLICT (endpoint_id, repository, digest) DO UPDATE SET
          location_sealed = excluded.location_sealed, "offset" = excluded."offset",
          holder = excluded.holder, updated_at = clock_timestamp()
      `.execute(db);
    },

    async release(repository, digest, done) {
      hold(-1);
      const left = done
        ? sql`DELETE FROM blob_transfer WHERE ${rowOf(repository, digest)} AND holder = ${holder}`
        : sql`UPDATE blob_transfer
              SET holder = '', updated_at = clock_timestamp() - interval '1 minute'
              WHERE ${rowOf(repository, digest)} AND holder = ${holder}`;
      await left.execute(db);
    },
  };
}

/** Forgets transfers that nobody has gone on with for a week. Repeating is safe. */
export async function forgetOldTransfers({ db }: Pick<Catalog, "db">): Promise<void> {
  await sql`
    DELETE FROM blob_transfer
    WHERE updated_at < clock_timestamp() - ${FORGOTTEN_MS} * interval '1 millisecond'
  `.execute(db);
}
