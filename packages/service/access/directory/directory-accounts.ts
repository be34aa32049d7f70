import { randomUUID } from "node:crypto";
import { accountChange, type Catalog, type Commit } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { Identity } from "../identity.ts";

/** Somebody whom a directory vouches for. */
export interface Vouched {
  readonly source: "ldap" | "oidc";
  /** What the source never gives to anybody else. */
  readonly externalId: string;
  /** What it is called there; a new account is called so. */
  readonly username: string;
  readonly email: string;
  readonly realname: string;
  /** Its groups, as `user_group.key` has them. */
  readonly groups: readonly string[];
  /** A group of it makes it a system administrator. */
  readonly isAdmin: boolean;
}

/** Harbor's numbers of kinds of groups. */
const GROUP_TYPES = { ldap: 1, oidc: 3 } as const;

const MOST_GROUPS = 1_000;
const LONGEST_KEY = 1_024;
/** Any script's letters, but nothing that hides, divides or means something elsewhere. */
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+'-]{0,254}$/u;

/**
 * The account of somebody whom the directory vouches for, as it is told there now: made at the
 * first login, and brought up to date at later ones. An account is told by `externalId` alone.
 * Throws FORBIDDEN, saying what to do, for a name that is another account's: nobody takes over what
 * is there.
 */
export async function vouchedAccount(catalog: Catalog, vouched: Vouched): Promise<Identity> {
  const account = (await upToDate(catalog, vouched)) ?? (await store(catalog, vouched));
  const { id, username, sysadmin } = account;
  const isAdmin = sysadmin || vouched.isAdmin;
  return { kind: "account", name: username, accountId: id, sysadmin: isAdmin, grants: null };
}

interface Known {
  readonly id: number;
  readonly username: string;
  readonly sysadmin: boolean;
}

/** The account, if nothing about it has changed. Most logins end here, without a change. */
async function upToDate(catalog: Catalog, vouched: Vouched): Promise<Known | null> {
  const row = await catalog.db
    .selectFrom("account")
    .select(["id", "username", "sysadmin", "email", "realname", "admin_by_group"])
    .select(
      sql<string[]>`ARRAY(SELECT key FROM account_group WHERE account_id = account.id
      AND type = ${GROUP_TYPES[vouched.source]} ORDER BY key)`.as("groups"),
    )
    .where("source", "=", vouched.source)
    .where("external_id", "=", vouched.externalId)
    .executeTakeFirst();
  const same =
    row?.email === vouched.email &&
    row.realname === vouched.realname &&
    row.admin_by_group === vouched.isAdmin &&
    JSON.stringify(row.groups) === JSON.stringify(keysOf(vouched));
  return same ? row : null;
}

function keysOf({ groups }: Vouched): string[] {
  const keys = groups.filter((key) => key.length > 0 && key.length <= LONGEST_KEY);
  const byCode = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return [...new Set(keys)].toSorted(byCode).slice(0, MOST_GROUPS);
}

function store(catalog: Catalog, vouched: Vouched): Promise<Known> {
  const actor = { name: `system:${vouched.source}`, cause: randomUUID() };
  return catalog.commit(actor, async (commit) => {
    const account = (await update(commit, vouched)) ?? (await insert(commit, vouched));
    await storeGroups(commit, account.id, vouched);
    return account;
  });
}

async function update({ db, record }: Commit, vouched: Vouched): Promise<Known | null> {
  const { email, realname, isAdmin } = vouched;
  const before = await db
    .selectFrom("account")
    .select(["email", "realname"])
    .where("source", "=", vouched.source)
    .where("external_id", "=", vouched.externalId)
    .forUpdate()
    .executeTakeFirst();
  if (!before) return null;
  const row = await db
    .updateTable("account")
    .set({ email, realname, admin_by_group: isAdmin, updated_at: sql<Date>`now()` })
    .where("source", "=", vouched.source)
    .where("external_id", "=", vouched.externalId)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (before.email !== email || before.realname !== realname) {
    record(accountChange(row.username, row));
  }
  return row;
}

async function insert({ db, record }: Commit, vouched: Vouched): Promise<Known> {
  const { source, externalId, email, realname, isAdmin } = vouched;
  const username = accountNameOf(vouched);
  const row = await db
    .insertInto("account")
    .values({
      username,
      email,
      realname,
      source,
      external_id: externalId,
      admin_by_group: isAdmin,
      password_hash: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) {
    record(accountChange(username, row));
    return row;
  }
  // Its own first login, side by side with this one.
  const own = await db
    .selectFrom("account")
    .select(["id", "username", "sysadmin"])
    .where("source", "=", source)
    .where("external_id", "=", externalId)
    .executeTakeFirst();
  if (own) return own;
  throw new RegistryError(
    "FORBIDDEN",
    `the directory vouches for '${username}', but the account of that name is not of this ` +
      "person; an administrator has to rename or delete one of the two",
    { detail: { login: "name-taken" } },
  );
}

/** What a new account is called here. Throws FORBIDDEN. */
function accountNameOf({ source, username: name }: Vouched): string {
  const whole = name.normalize("NFC").trim();
  // A directory is asked for its people by this name again: there it stays as it is.
  const username = source === "ldap" ? whole : whole.replaceAll(/\s+/gu, "_");
  if (USERNAME.test(username) && username !== "anonymous") return username;
  throw new RegistryError(
    "FORBIDDEN",
    `the directory's name ${JSON.stringify(name.slice(0, 100))} cannot be a username here: use ` +
      "letters, digits and . _ @ + ' -; an administrator can set another attribute or claim",
    { detail: { login: "name" } },
  );
}

async function storeGroups({ db }: Commit, accountId: number, vouched: Vouched): Promise<void> {
  const type = GROUP_TYPES[vouched.source];
  const keys = keysOf(vouched);
  await db
    .deleteFrom("account_group")
    .where("account_id", "=", accountId)
    .where(sql<boolean>`NOT (type = ${type} AND key = ANY(${keys}::text[]))`)
    .execute();
  await sql`
    INSERT INTO account_group (account_id, type, key)
    SELECT ${accountId}, ${type}, key FROM unnest(${keys}::text[]) AS key
    ON CONFLICT DO NOTHING`.execute(db);
}
