import { accountChange, memberChange } from "@entrepot/catalog";
import type { AccountTable, Catalog, Commit } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { PAGE_SIZE, pageOf, type Page, type PageQuery } from "@entrepot/registry";
import { type Selectable, sql } from "kysely";
import { deleteAccessTokens } from "./access-tokens.ts";
import { askable } from "./account-rules.ts";
import type { Account, NewAccount, Profile } from "./accounts.ts";

/** Whether anybody may administer this registry. */
export async function hasSysadmin(catalog: Catalog): Promise<boolean> {
  const row = await catalog.db
    .selectFrom("account")
    .select("id")
    .where("sysadmin", "=", true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The account `username`, or null. */
export async function findAccount(catalog: Catalog, username: string): Promise<Account | null> {
  const row = await catalog.db
    .selectFrom("account")
    .selectAll()
    .where("username", "=", askable(username))
    .executeTakeFirst();
  return row ? accountOf(row) : null;
}

/** Accounts after `query.last`, by username in ASCII order. */
export async function listAccounts(
  catalog: Catalog,
  query: PageQuery = {},
): Promise<Page<Account>> {
  const n = Math.min(query.n ?? PAGE_SIZE, PAGE_SIZE);
  const last = askable(query.last ?? "");
  const rows = await catalog.db
    .selectFrom("account")
    .selectAll()
    .where(sql<boolean>`username COLLATE "C" > ${last}`)
    .orderBy(sql`username COLLATE "C"`)
    .limit(n + 1)
    .execute();
  return pageOf(rows.map(accountOf), (account) => account.username, { n });
}

/** Inserts `account`; null if its name is taken. */
export async function insertAccount(
  { db, record }: Commit,
  account: NewAccount,
  hash: string,
): Promise<Account | null> {
  const { username, email = "", realname = "", comment = "", sysadmin = false } = account;
  const row = await db
    .insertInto("account")
    .values({ username, email, realname, comment, sysadmin, password_hash: hash })
    .onConflict((conflict) => conflict.column("username").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  record(accountChange(username, row));
  return accountOf(row);
}

/**
 * Stores a new password. Throws NOT_FOUND if there is no such account, PRECONDITION if it is a
 * directory's, which has its password.
 */
export async function updatePassword(
  { db, record }: Commit,
  username: string,
  hash: string,
): Promise<void> {
  const row = await db
    .updateTable("account")
    .set({ password_hash: hash, updated_at: sql<Date>`now()` })
    .where("username", "=", askable(username))
    .returningAll()
    .executeTakeFirst();
  if (!row) throw unknownAccount(username);
  if (row.source !== "local") {
    // Thrown in a commit: nothing is stored.
    const message = `the password of '${username}' is kept by its directory; change it there`;
    throw new RegistryError("PRECONDITION", message);
  }
  // Whoever knew the old one is out.
  await db.deleteFrom("session").where("account_id", "=", row.id).execute();
  record(accountChange(username, row));
}

/** Stores what an account says of its person. Throws NOT_FOUND. */
export async function updateProfile(
  { db, record }: Commit,
  username: string,
  { email, realname, comment }: Profile,
): Promise<void> {
  const row = await db
    .updateTable("account")
    .set({
      ...(email !== undefined && { email }),
      ...(realname !== undefined && { realname }),
      ...(comment !== undefined && { comment }),
      updated_at: sql<Date>`now()`,
    })
    .where("username", "=", askable(username))
    .returningAll()
    .executeTakeFirst();
  if (!row) throw unknownAccount(username);
  record(accountChange(username, row));
}

/** Deletes an account with its memberships. False if there was none. Throws CONFLICT. */
export async function deleteAccount(commit: Commit, username: string): Promise<boolean> {
  const { db, record } = commit;
  await keepSysadmin(commit, username);
  const account = await db
    .selectFrom("account")
    .select("id")
    .where("username", "=", askable(username))
    .forUpdate()
    .executeTakeFirst();
  if (!account) return false;
  await deleteMemberships(commit, { id: account.id, username });
  await deleteAccessTokens(commit, { id: account.id, username });
  await db.deleteFrom("account").where("id", "=", account.id).execute();
  record(accountChange(username, null));
  return true;
}

/** Stores whether the account is a system administrator. Throws NOT_FOUND, CONFLICT. */
export async function updateSysadmin(
  commit: Commit,
  username: string,
  sysadmin: boolean,
): Promise<void> {
  const { db, record } = commit;
  if (!sysadmin) await keepSysadmin(commit, username);
  const before = await db
    .selectFrom("account")
    .select("sysadmin")
    .where("username", "=", askable(username))
    .forUpdate()
    .executeTakeFirst();
  if (!before) throw unknownAccount(username);
  if (before.sysadmin === sysadmin) return;
  const row = await db
    .updateTable("account")
    .set({ sysadmin, updated_at: sql<Date>`now()` })
    .where("username", "=", askable(username))
    .returningAll()
    .executeTakeFirstOrThrow();
  record(accountChange(username, row));
}

/** Throws CONFLICT if `username` is the last system administrator. */
async function keepSysadmin({ db }: Commit, username: string): Promise<void> {
  // Locked, so that two last administrators cannot end each other.
  const sysadmins = await db
    .selectFrom("account")
    .select("username")
    .where("sysadmin", "=", true)
    .orderBy("id")
    .forUpdate()
    .execute();
  if (sysadmins.length > 1 || sysadmins[0]?.username !== username) return;
  throw new RegistryError(
    "CONFLICT",
    `account '${username}' is the last system administrator; make another one first`,
  );
}

async function deleteMemberships(
  { db, record }: Commit,
  account: { id: number; username: string },
): Promise<void> {
  const gone = await db
    .deleteFrom("member")
    .using("project")
    .whereRef("project.id", "=", "member.project_id")
    .where("account_id", "=", account.id)
    .returning("project.name")
    .execute();
  for (const { name } of gone) record(memberChange(name, account.username, null));
}

/** NOT_FOUND for an account. */
export function unknownAccount(username: string): RegistryError {
  return new RegistryError("NOT_FOUND", `account '${username}' does not exist`);
}

function accountOf(row: Selectable<AccountTable>): Account {
  const { id, username, email, realname, comment, sysadmin } = row;
  const { created_at: createdAt, updated_at: updatedAt } = row;
  return { id, username, email, realname, comment, sysadmin, createdAt, updatedAt };
}
