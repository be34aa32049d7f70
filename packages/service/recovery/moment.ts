import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";

/** A moment of this registry: what entries up to `seq` made of it. */
export interface Moment {
  /** The newest entry that counts; 0: before the first. */
  readonly seq: number;
  /** When that entry was made; of seq 0 what was asked for, or the epoch. */
  readonly at: Date;
}

/** How a moment is asked for: a time, or a journal seq. */
export type MomentQuery = { readonly at: Date } | { readonly seq: number };

/**
 * The moment asked for, as the journal has it: of a time the newest entry that is not after it.
 * Throws BAD_REQUEST for a seq that the journal has not reached.
 */
export async function momentOf({ db }: Pick<Catalog, "db">, query: MomentQuery): Promise<Moment> {
  const entries = db.selectFrom("journal").select(["seq", "at"]);
  if ("at" in query) {
    // The journal is kept to the microsecond, a Date to the millisecond: all of that one counts.
    const end = new Date(query.at.getTime() + 1);
    const newest = await entries
      .where("at", "<", end)
      .orderBy("at", "desc")
      .orderBy("seq", "desc")
      .limit(1)
      .executeTakeFirst();
    return newest ?? { seq: 0, at: query.at };
  }
  const head = await db.selectFrom("journal_head").select("seq").executeTakeFirstOrThrow();
  if (!Number.isSafeInteger(query.seq) || query.seq < 0 || query.seq > head.seq) {
    throw new RegistryError(
      "BAD_REQUEST",
      `seq ${query.seq} is not in the journal, which goes from 0 to ${head.seq}`,
    );
  }
  const newest = await entries
    .where("seq", "<=", query.seq)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return { seq: query.seq, at: newest?.at ?? new Date(0) };
}
