import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import type { Replica } from "./replicas.ts";

/*
 * A registry that is no Entrepot deletes with a manifest all of its tags. A tag's copy and the
 * deletion of what it names are in different lanes, so that the one may come between the other's
 * looking and acting. So the deletion looks at what is wanted before it acts, and again after: what
 * has come to be wanted in between is brought once more.
 */

type Deleted = Pick<Replica, "policyId" | "target" | "reference">;

/** Replicas of the same target, of any policy, that want what `deleted` wants gone. */
const sharers = ({ policyId, target, reference }: Deleted) => sql`
  replica.target = ${target} AND replica.wanted = ${reference}
  AND replica.reference <> ${reference}
  AND replica.policy_id IN (
    SELECT other.id FROM replication_policy other
    JOIN replication_policy own ON own.dest_endpoint_id = other.dest_endpoint_id
    WHERE own.id = ${policyId})`;

/** Whether a tag of that target is to name the digest that `deleted` wants gone. */
export async function isWantedAgain(db: Kysely<Database>, deleted: Deleted): Promise<boolean> {
  const { rows } = await sql`SELECT FROM replica WHERE ${sharers(deleted)} LIMIT 1`.execute(db);
  return rows.length > 0;
}

/**
 * To be called once the digest has been deleted: tags that were to name it meanwhile count as not
 * arrived, and are taken up again, also by a task that is bringing one of them just now.
 */
export async function bringAgain(db: Kysely<Database>, deleted: Deleted): Promise<void> {
  await sql`
    UPDATE replica SET arrived = NULL, sent = NULL, wanted_since = clock_timestamp(),
                       next_attempt = clock_timestamp()
    WHERE ${sharers(deleted)}
  `.execute(db);
}
