import { type Catalog, readNote } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Moment, momentOf, type MomentQuery } from "../moment.ts";

/** The setting with the earliest moment that the journal still tells exactly. */
export const HISTORY_BEGINS = "history_begins";

interface Begins {
  readonly seq: number;
  readonly at: string;
  /** Projects whose history is kept for longer. */
  readonly projects?: Readonly<Record<string, { readonly seq: number; readonly at: string }>>;
}

/**
 * The earliest moment of which everything, or given its name all of `project`, can be told: what is
 * older has been folded. Seq 0 while nothing has been.
 */
export async function historyBegins(
  { db }: Pick<Catalog, "db">,
  project?: string,
): Promise<Moment> {
  const begins = (await readNote(db, HISTORY_BEGINS)) as Begins | null;
  if (!begins) return { seq: 0, at: new Date(0) };
  const own = project === undefined ? undefined : begins.projects?.[project];
  const { seq, at } = own ?? begins;
  return { seq, at: new Date(at) };
}

/**
 * The moment asked for, if history, or that of `project`, still holds it. Throws UNPROCESSABLE,
 * telling the earliest, for one that it does not, and for one that has not come yet; BAD_REQUEST
 * for a seq that is not in the journal.
 */
export async function heldMoment(
  catalog: Pick<Catalog, "db" | "now">,
  query: MomentQuery,
  project?: string,
): Promise<Moment> {
  const [moment, begins] = await Promise.all([
    momentOf(catalog, query),
    historyBegins(catalog, project),
  ]);
  if ("at" in query && query.at > catalog.now() && query.at > moment.at) {
    throw new RegistryError(
      "UNPROCESSABLE",
      `${query.at.toISOString()} has not come yet: here it is ${catalog.now().toISOString()}`,
    );
  }
  if (moment.seq >= begins.seq) return moment;
  throw new RegistryError(
    "UNPROCESSABLE",
    `history is kept from ${begins.at.toISOString()} (seq ${begins.seq}) on; ask for that moment ` +
      "or a later one",
    { detail: { seq: begins.seq, at: begins.at.toISOString() } },
  );
}
