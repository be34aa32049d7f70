import { type Actor, type Catalog, type Commit, accessTokenChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { askable } from "./account-rules.ts";
import type { Identity } from "./identity.ts";
import type { Logins } from "./logins.ts";
import { hashOfSecret, newSecret } from "./secrets.ts";

/** A personal access token as its owner sees it. */
export interface AccessToken {
  readonly id: number;
  readonly name: string;
  /** Whether it may only read and pull. */
  readonly readOnly: boolean;
  readonly createdAt: Date;
  /** Null: never. */
  readonly expiresAt: Date | null;
  /** To the minute; null: never. */
  readonly usedAt: Date | null;
}

/** What a token is made with. */
export interface NewAccessToken {
  readonly name: string;
  readonly readOnly: boolean;
  /** Null: it does not expire. */
  readonly days: number | null;
}

/** Personal access tokens: used in the password's place by whatever sends one. */
export interface AccessTokens {
  /**
   * Makes a token of `accountId`. Its secret is told this once. Throws CONFLICT if the account has
   * one of that name, PRECONDITION if it has 100, NOT_FOUND without such an account.
   */
  createAccessToken(
    actor: Actor,
    accountId: number,
    token: NewAccessToken,
  ): Promise<AccessToken & { readonly secret: string }>;

  /** The tokens of an account, expired ones too, by name. */
  listAccessTokens(accountId: number): Promise<AccessToken[]>;

  /** Revokes a token of the account, at once. False if there is none. */
  revokeAccessToken(actor: Actor, accountId: number, id: number): Promise<boolean>;
}

const PREFIX = "ept_";
const SECRET = /^ept_[A-Za-z0-9_-]{43}$/;
const MOST_PER_ACCOUNT = 100;
const DAY_MS = 24 * 3_600_000;
const USED_EVERY_MS = 60_000;

/** The tokens in `catalog`. Every change is journalled, without the secret. */
export function openAccessTokens(catalog: Catalog, clock: () => number = Date.now): AccessTokens {
  return {
    async createAccessToken(actor, accountId, { name, readOnly, days }) {
      const secret = `${PREFIX}${newSecret()}`;
      const createdAt = new Date(clock());
      const expiresAt = days === null ? null : new Date(createdAt.getTime() + days * DAY_MS);
      const id = await catalog.commit(actor, async (commit) => {
        const username = await makeRoom(commit, accountId, name);
        const row = { name, read_only: readOnly, created_at: createdAt, expires_at: expiresAt };
        const inserted = await commit.db
          .insertInto("access_token")
          .values({ ...row, account_id: accountId, hash: hashOfSecret(secret) })
          .returning("id")
          .executeTakeFirstOrThrow();
        commit.record(accessTokenChange(username, name, row));
        return inserted.id;
      });
      return { id, name, readOnly, createdAt, expiresAt, usedAt: null, secret };
    },

    listAccessTokens: (accountId) =>
      catalog.db
        .selectFrom("access_token")
        .leftJoin("access_token_use", "token_id", "id")
        .select(["id", "name", "read_only as readOnly", "created_at as createdAt"])
        .select(["expires_at as expiresAt", "used_at as usedAt"])
        .where("account_id", "=", accountId)
        .orderBy("name")
        .execute(),

    revokeAccessToken: (actor, accountId, id) =>
      catalog.commit(actor, async ({ db, record }) => {
        const gone = await db
          .deleteFrom("access_token")
          .using("account")
          .whereRef("account.id", "=", "access_token.account_id")
          .where("access_token.id", "=", sql<number>`${id}::bigint`)
          .where("account_id", "=", accountId)
          .returning(["username", "access_token.name"])
          .executeTakeFirst();
        if (gone) record(accessTokenChange(gone.username, gone.name, null));
        return gone !== undefined;
      }),
  };
}

/** Deletes an account's tokens as a part of `commit`, each journalled. */
export async function deleteAccessTokens(
  { db, record }: Commit,
  account: { readonly id: number; readonly username: string },
): Promise<void> {
  const deleting = db.deleteFrom("access_token").where("account_id", "=", account.id);
  const gone = await deleting.returning("name").execute();
  for (const { name } of gone) record(accessTokenChange(account.username, name, null));
}

/**
 * `logins` that take a personal access token in the password's place: for whatever sends name and
 * password with each request. A wrong one is refused as a wrong password is; it is not slowed down,
 * for there are 2^256 to guess from and a look costs as much as any request.
 */
export function withAccessTokens(
  logins: Pick<Logins, "login">,
  catalog: Pick<Catalog, "db">,
  clock: () => number = Date.now,
): Pick<Logins, "login"> {
  return {
    async login(username, password, clientAddress) {
      if (!SECRET.test(password)) return logins.login(username, password, clientAddress);
      const row = await findToken(catalog.db, username, password, new Date(clock()));
      if (!row) throw new RegistryError("UNAUTHORIZED", "username or password is wrong");
      await noteUsed(catalog.db, row, new Date(clock()));
      const { id: accessToken, accountId, sysadmin, readOnly } = row;
      const identity = {
        kind: "account",
        name: username,
        accountId,
        sysadmin,
        accessToken,
      } as const;
      return { ...identity, grants: null, ...(readOnly && { readOnly }) } satisfies Identity;
    },
  };
}

async function findToken(db: Catalog["db"], username: string, secret: string, now: Date) {
  return db
    .selectFrom("access_token")
    .innerJoin("account", "account.id", "access_token.account_id")
    .leftJoin("access_token_use", "token_id", "access_token.id")
    .select(["access_token.id", "account_id as accountId", "read_only as readOnly", "used_at"])
    .select(sql<boolean>`sysadmin OR admin_by_group`.as("sysadmin"))
    .where("hash", "=", hashOfSecret(secret))
    .where("username", "=", askable(username))
    .where(sql<boolean>`(expires_at IS NULL OR expires_at > ${now})`)
    .executeTakeFirst();
}

async function noteUsed(
  db: Catalog["db"],
  { id, used_at: usedAt }: { readonly id: number; readonly used_at: Date | null },
  now: Date,
): Promise<void> {
  if (usedAt && now.getTime() - usedAt.getTime() < USED_EVERY_MS) return;
  // It may be revoked at this moment: then there is nothing to note.
  await sql`
    INSERT INTO access_token_use (token_id, used_at)
    SELECT id, ${now} FROM access_token WHERE id = ${id} FOR KEY SHARE
    ON CONFLICT (token_id) DO UPDATE SET used_at = excluded.used_at`.execute(db);
}

/** The account's name, if it may have one more token, called `name`; held until the commit. */
async function makeRoom({ db }: Commit, accountId: number, name: string): Promise<string> {
  const account = await db
    .selectFrom("account")
    .select("username")
    .where("id", "=", accountId)
    .forUpdate()
    .executeTakeFirst();
  if (!account) throw new RegistryError("NOT_FOUND", "your account does not exist any more");
  const tokens = await db
    .selectFrom("access_token")
    .select("name")
    .where("account_id", "=", accountId)
    .execute();
  if (tokens.some((token) => token.name === name)) {
    const message = `you have a token '${name}' already; choose another name, or revoke that one`;
    throw new RegistryError("CONFLICT", message);
  }
  if (tokens.length < MOST_PER_ACCOUNT) return account.username;
  throw new RegistryError("PRECONDITION", `you have ${MOST_PER_ACCOUNT} tokens; revoke one first`);
}
