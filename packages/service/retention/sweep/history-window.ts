import {
  type Catalog,
  type Database,
  type FoldLimits,
  readNote,
  storeNote,
} from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { RECOVERY_DAYS } from "../recovery-days.ts";

const DAY_MS = 24 * 3_600_000;

/** The setting that says from where on history is whole. */
const HISTORY_BEGINS = "history_begins";
/** The setting with the days for which it is, where a project says nothing else. */
const RECOVERY_SETTING = "recovery_days";

/** Who needs history for longer than its window, and from where on. */
export interface Hold {
  readonly holder: string;
  readonly seq: number;
  readonly expiresAt: Date | null;
}

/** For how long the content of deleted names is kept. */
export interface HistoryWindow {
  readonly days: number;
  /** The newest entry that is older than that. */
  readonly seq: number;
  /** Projects that say something else. */
  readonly projects: readonly { name: string; days: number; seq: number }[];
  readonly holds: readonly Hold[];
}

/** A moment from which on states are exact; projects that differ by name. */
interface Begins extends Beginning {
  readonly projects: Readonly<Record<string, Beginning>>;
}

interface Beginning {
  readonly seq: number;
  readonly at: string;
}

type Source = Pick<Catalog, "db" | "now">;

/**
 * The window as it is now. A deleted project's is the one it had; one that is given in a form that
 * nobody understands counts as not given.
 */
export async function historyWindow({ db, now }: Source): Promise<HistoryWindow> {
  const time = now();
  const setting = await readNote(db, RECOVERY_SETTING);
  const days = daysOf(setting) ?? RECOVERY_DAYS;
  const { rows } = await sql<{ name: string; days: string | null }>`
    SELECT DISTINCT ON (key) key AS name, after #>> '{metadata,recovery_days}' AS days
    FROM journal WHERE kind = 'project' AND after IS NOT NULL ORDER BY key, seq DESC
  `.execute(db);
  const projects: HistoryWindow["projects"][number][] = [];
  for (const row of rows) {
    const own = daysOf(row.days);
    if (own === null || own === days) continue;
    projects.push({ name: row.name, days: own, seq: await seqBefore(db, time, own) });
  }
  return { days, seq: await seqBefore(db, time, days), projects, holds: await holdsAt(db, time) };
}

/** The holds that have not expired. */
async function holdsAt(db: Kysely<Database>, time: Date): Promise<Hold[]> {
  return await db
    .selectFrom("history_hold")
    .select(["holder", "seq", "expires_at as expiresAt"])
    .where((when) => when.or([when("expires_at", "is", null), when("expires_at", ">", time)]))
    .execute();
}

/**
 * How far the journal may be folded, and from now on says that it has been. Whoever wants to hold
 * history from an earlier seq on finds that out by looking there once its hold is stored: what is
 * stored before this is seen here. Repeating is safe.
 */
export async function settleFold(catalog: Source & Pick<Catalog, "transaction">) {
  const { db } = catalog;
  const before = await beginsNow(db);
  const first = await foldLimits(catalog);
  await storeBegins(catalog, await laterOf(db, before, first));
  // Asked again, now that everybody can see it.
  const settled = await foldLimits(catalog);
  const limits = earlier(first, settled);
  await storeBegins(catalog, await laterOf(db, before, limits));
  return limits;
}

/** How far the journal could be folded now. */
export async function foldLimits(catalog: Source): Promise<FoldLimits> {
  const window = await historyWindow(catalog);
  const { rows } = await sql<{ seq: number | null }>`
    SELECT min(seq)::bigint AS seq
    FROM (SELECT seq FROM journal_cursor UNION ALL SELECT seq FROM policy_pause) AS readers
  `.execute(catalog.db);
  const floor = Math.min(rows[0]!.seq ?? Infinity, ...window.holds.map(({ seq }) => seq));
  const seq = Math.min(window.seq, floor);
  const remembered = await seqBefore(catalog.db, catalog.now(), RECOVERY_DAYS);
  const longer = window.projects.filter((project) => project.seq < seq);
  return {
    seq,
    deletions: Math.min(seq, remembered),
    projects: new Map(longer.map((project) => [project.name, project.seq])),
  };
}

function earlier(one: FoldLimits, other: FoldLimits): FoldLimits {
  const seq = Math.min(one.seq, other.seq);
  const names = new Set([...one.projects.keys(), ...other.projects.keys()]);
  const limit = (name: string) =>
    Math.min(one.projects.get(name) ?? seq, other.projects.get(name) ?? seq);
  return {
    seq,
    deletions: Math.min(one.deletions, other.deletions),
    projects: new Map([...names].map((name) => [name, limit(name)])),
  };
}

async function beginsNow(db: Kysely<Database>): Promise<Begins> {
  const none = { seq: 0, at: new Date(0).toISOString(), projects: {} };
  return { ...none, ...((await readNote(db, HISTORY_BEGINS)) as Partial<Begins> | null) };
}

async function laterOf(db: Kysely<Database>, before: Begins, limits: FoldLimits): Promise<Begins> {
  const later = async (old: Beginning, seq: number): Promise<Beginning> =>
    seq > old.seq ? { seq, at: await timeOf(db, seq) } : { seq: old.seq, at: old.at };
  const top = await later(before, limits.seq);
  const projects: Record<string, Beginning> = {};
  for (const [name, seq] of limits.projects) {
    projects[name] = await later(before.projects[name] ?? before, seq);
  }
  return { ...top, projects };
}

async function storeBegins({ transaction }: Pick<Catalog, "transaction">, begins: Begins) {
  if (begins.seq === 0) return;
  await transaction((db) => storeNote(db, HISTORY_BEGINS, begins));
}

/** Whole days, at least 0, of a number or its text; null for anything else. */
function daysOf(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && /^\d{1,5}$/.test(text) ? Number(text) : null;
}

/** The newest entry at least `days` old; 0: there is none. */
async function seqBefore(db: Kysely<Database>, time: Date, days: number): Promise<number> {
  const row = await db
    .selectFrom("journal")
    .select("seq")
    .where("at", "<=", new Date(time.getTime() - days * DAY_MS))
    .orderBy("at", "desc")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

async function timeOf(db: Kysely<Database>, seq: number): Promise<string> {
  const row = await db
    .selectFrom("journal")
    .select("at")
    .where("seq", "<=", seq)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return (row?.at ?? new Date(0)).toISOString();
}
