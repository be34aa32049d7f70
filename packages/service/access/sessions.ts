import { timingSafeEqual } from "node:crypto";
import { type Catalog, INITIAL_SETTINGS, type Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type RawBuilder, sql } from "kysely";
import { SESSION_MINUTES } from "./access-settings.ts";
import type { Identity } from "./identity.ts";
import { derivedFrom, hashOfSecret, newSecret } from "./secrets.ts";

/** Somebody signed in, as people see it. */
export interface Session {
  readonly id: number;
  readonly accountId: number;
  readonly username: string;
  readonly createdAt: Date;
  /** To the minute. */
  readonly seenAt: Date;
  /** The latest; unused it ends sooner. */
  readonly expiresAt: Date;
  readonly userAgent: string;
  readonly address: string;
}

/** Where a session begins. */
export interface SessionOrigin {
  readonly address: string;
  readonly userAgent: string;
}

/** A session that has just begun. */
export interface NewSession {
  readonly id: number;
  /** For the cookie; only its hash is kept. */
  readonly secret: string;
  /** `Identity` as which the session acts. */
  readonly identity: Identity;
}

/** Sessions: whoever holds one's secret is its account, on every node, until it ends. */
export interface Sessions {
  /**
   * Begins a session of the account that has just logged in, always with a new secret; the oldest
   * of an account's 100 make room. Throws FORBIDDEN for whoever came by a token or is no account.
   */
  beginSession(identity: Identity, origin: SessionOrigin): Promise<NewSession>;

  /**
   * Whom `secret` makes its holder, now; null if there is no such session any more. Unless
   * `unseen`, for what looks by itself, the session counts as used.
   */
  resumeSession(secret: string, unseen?: boolean): Promise<Identity | null>;

  /** Ends the session `id`, of `accountId` or (null) of anybody. False if there is none. */
  endSession(id: number, accountId: number | null): Promise<boolean>;

  /** Ends all sessions of an account but `kept`. */
  endSessions(accountId: number, kept?: number): Promise<void>;

  /** Sessions that have not ended, newest first: a page's, and how many there are. */
  listSessions(query: {
    readonly accountId: number;
    readonly offset: number;
    readonly limit: number;
  }): Promise<{ readonly items: Session[]; readonly total: number }>;

  /** Removes sessions that have ended. Repeating is safe. */
  sweepSessions(): Promise<void>;
}

const LONGEST_MS = 30 * 24 * 3_600_000;
const SEEN_EVERY_MS = 60_000;
const MOST_PER_ACCOUNT = 100;
const LONGEST_AGENT = 256;
/** A new secret, as `newSecret` makes it. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** What sessions are opened with. */
export interface SessionsOptions {
  readonly catalog: Pick<Catalog, "db" | "transaction">;
  readonly settings?: Pick<Settings, "get"> | undefined;
  /** Milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined;
}

/** The sessions in `catalog`. They are no names: nothing of them is journalled. */
export function openSessions(options: SessionsOptions): Sessions {
  const { catalog, settings = INITIAL_SETTINGS, clock = Date.now } = options;
  const { db } = catalog;
  /** It is not too old, and was seen lately. */
  const alive = () => {
    const [now, idle] = [clock(), settings.get(SESSION_MINUTES) * 60_000];
    return sql<boolean>`(session.expires_at > ${new Date(now)}
      AND session.seen_at > ${new Date(now - idle)})`;
  };

  return {
    beginSession: (identity, origin) => begin(catalog, identity, origin, new Date(clock())),
    resumeSession: async (secret, unseen = false) => {
      if (!SECRET.test(secret)) return null;
      const found = await resume(db, secret, alive());
      if (found && !unseen) await noteSeen(db, found, new Date(clock()));
      return found && found.identity;
    },
    listSessions: (query) => list(db, query, alive()),

    async endSession(id, accountId) {
      let ending = db.deleteFrom("session").where("id", "=", sql<number>`${id}::bigint`);
      if (accountId !== null) ending = ending.where("account_id", "=", accountId);
      return (await ending.where(alive()).returning("id").executeTakeFirst()) !== undefined;
    },

    async endSessions(accountId, kept = 0) {
      const ending = db.deleteFrom("session").where("account_id", "=", accountId);
      await ending.where("id", "!=", kept).execute();
    },

    async sweepSessions() {
      await sql`DELETE FROM session WHERE NOT ${alive()}`.execute(db);
    },
  };
}

async function begin(
  catalog: SessionsOptions["catalog"],
  identity: Identity,
  { address, userAgent }: SessionOrigin,
  now: Date,
): Promise<NewSession> {
  const accountId = ownAccount(identity);
  const secret = newSecret();
  const session = {
    hash: hashOfSecret(secret),
    account_id: accountId,
    created_at: now,
    seen_at: now,
    expires_at: new Date(now.getTime() + LONGEST_MS),
    user_agent: plain(userAgent),
    address: plain(address),
  };
  const { id } = await catalog.transaction(async (db) => {
    await sql`DELETE FROM session WHERE id IN (
      SELECT id FROM session WHERE account_id = ${accountId}
      ORDER BY id DESC OFFSET ${MOST_PER_ACCOUNT - 1})`.execute(db);
    const inserted = db.insertInto("session").values(session).returning("id");
    return inserted.executeTakeFirstOrThrow();
  });
  return { id, secret, identity: { ...identity, session: id } };
}

interface Resumed {
  readonly id: number;
  readonly seenAt: Date;
  readonly identity: Identity;
}

async function resume(
  db: Catalog["db"],
  secret: string,
  alive: RawBuilder<boolean>,
): Promise<Resumed | null> {
  const row = await db
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account_id")
    .select(["session.id", "account.id as accountId", "username", "session.seen_at"])
    .select(sql<boolean>`sysadmin OR admin_by_group`.as("sysadmin"))
    .where("session.hash", "=", hashOfSecret(secret))
    .where(alive)
    .executeTakeFirst();
  if (!row) return null;
  const { id, accountId, username: name, sysadmin, seen_at: seenAt } = row;
  const who = { kind: "account", name, accountId, sysadmin, grants: null, session: id } as const;
  return { id, seenAt, identity: who };
}

/** Coarsely: a page that asks every second does not write every second. */
async function noteSeen(db: Catalog["db"], { id, seenAt }: Resumed, now: Date): Promise<void> {
  if (now.getTime() - seenAt.getTime() < SEEN_EVERY_MS) return;
  await db
    .updateTable("session")
    .set({ seen_at: now })
    .where("id", "=", id)
    .where("seen_at", "=", seenAt)
    .execute();
}

async function list(
  db: Catalog["db"],
  { accountId, offset, limit }: Parameters<Sessions["listSessions"]>[0],
  alive: RawBuilder<boolean>,
): Promise<{ items: Session[]; total: number }> {
  const rows = db.selectFrom("session").where("account_id", "=", accountId).where(alive);
  const [{ total }, items] = await Promise.all([
    rows.select(sql<number>`count(*)::int`.as("total")).executeTakeFirstOrThrow(),
    rows
      .innerJoin("account", "account.id", "session.account_id")
      .select(["session.id", "account_id as accountId", "username", "session.address"])
      .select(["session.created_at as createdAt", "seen_at as seenAt"])
      .select(["expires_at as expiresAt", "user_agent as userAgent"])
      .orderBy("session.id", "desc")
      .offset(offset)
      .limit(limit)
      .execute(),
  ]);
  return { items, total };
}

/** What goes with the session of `secret` in the header of changes, and only pages of ours know. */
export function csrfTokenOf(secret: string): string {
  return derivedFrom(secret, "entrepot csrf token");
}

/** Whether `given` is the CSRF token that goes with `secret`, in constant time. */
export function isCsrfToken(given: string, secret: string): boolean {
  const [wanted, told] = [csrfTokenOf(secret), given].map((text) => Buffer.from(text));
  return told!.length === wanted!.length && timingSafeEqual(told!, wanted!);
}

/** The caller's account, for what a token must not do. Throws FORBIDDEN, UNAUTHORIZED. */
export function ownAccount(identity: Identity): number {
  const { kind, accountId, accessToken, grants } = identity;
  if (kind === "anonymous") throw new RegistryError("UNAUTHORIZED", "sign in first");
  if (accountId !== null && accessToken === undefined && grants === null) return accountId;
  throw new RegistryError("FORBIDDEN", "a token may not do this; sign in with the password");
}

/** Text from outside as it is kept: not long, and printable. */
function plain(text: string): string {
  return text.slice(0, LONGEST_AGENT).replaceAll(/[^\x20-\x7e]/g, "?");
}
