import { createHmac, randomBytes } from "node:crypto";
import { anyOf, batched, type Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import { askable } from "./account-rules.ts";
import type { Asked, DirectoryLogins } from "./directory/directory-logins.ts";
import type { Identity } from "./identity.ts";
import { verifyPassword } from "./passwords.ts";
import { openThrottle } from "./throttle.ts";

/** Checks usernames and passwords. */
export interface Logins {
  /**
   * Who `username` with `password` is. Throws UNAUTHORIZED, the same and as late for an unknown
   * user as for a wrong password; TOOMANYREQUESTS (`detail.retryAfterSeconds`) after several.
   * Where a directory judges: UNAVAILABLE if it cannot be asked, FORBIDDEN where its answer is of
   * no use here.
   */
  login(username: string, password: string, clientAddress: string): Promise<Identity>;
}

const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 5_000;
const MOST_NAMES = 200;
const LONGEST = 1_024;

interface AccountRow {
  readonly id: number;
  readonly username: string;
  readonly sysadmin: boolean;
  readonly password_hash: string | null;
  readonly source: "local" | "ldap" | "oidc";
}

/**
 * Logins against the accounts in `catalog`. Every request may carry Basic, and a hash takes some
 * 60 ms: what was verified is remembered for a minute, under a key that nobody can read a password
 * from. The account is read every time, so that one deleted or with a new password is out at once.
 */
export function openLogins(
  catalog: Catalog,
  clock: () => number = Date.now,
  directory?: DirectoryLogins,
): Logins {
  const throttle = openThrottle(catalog, clock);
  const memory = openMemory(clock);
  const find = batched((names: string[]) => findAccounts(catalog, names), { max: MOST_NAMES });
  const underWay = new Map<string, Promise<unknown>>();

  /** Requests side by side with the same credentials, from one address, are one attempt. */
  function verifyOnce<T>(key: string, verify: () => Promise<T>): Promise<T> {
    const known = underWay.get(key) as Promise<T> | undefined;
    if (known) return known;
    const started = verify().finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  }

  /** Local accounts never come here: no directory keeps them out, and none lets them in. */
  async function byDirectory(
    judge: DirectoryLogins,
    asked: Asked,
    [username, password, clientAddress]: readonly [string, string, string],
  ): Promise<Identity> {
    const known = await judge.remembered(username, password);
    if (known) return known;
    const key = memory.keyOf(["directory", username, password]);
    const identity = await verifyOnce(`${key} ${clientAddress}`, async () => {
      const name = asDirectoriesCompare(username);
      await throttle.attempt(name, clientAddress);
      const found = await judge.login(asked, username, password).catch(async (error) => {
        // Nothing was guessed: nobody could say whether it was right.
        if (error instanceof RegistryError && error.code === "UNAVAILABLE") {
          await throttle.undo(name, clientAddress);
        }
        throw error;
      });
      if (found) await throttle.succeeded(name, clientAddress);
      return found;
    });
    if (identity) return identity;
    throw wrong();
  }

  return {
    async login(username, password, clientAddress) {
      if (username.length > LONGEST || password.length > LONGEST) throw wrong();
      const account = await find(askable(username));
      if (directory?.concerns(account)) {
        return byDirectory(directory, account, [username, password, clientAddress]);
      }
      const hash = account?.password_hash ?? null;
      const key = memory.keyOf([username, password, hash]);
      if (account && memory.has(key)) return identityOf(account);

      const verified = await verifyOnce(`${key} ${clientAddress}`, async () => {
        await throttle.attempt(username, clientAddress);
        const right = await verifyPassword(password, hash);
        if (right) await throttle.succeeded(username, clientAddress);
        return right;
      });
      if (!account || !verified) throw wrong();
      memory.add(key);
      return identityOf(account);
    },
  };
}

/**
 * All ways of writing a name that a directory may take for one, made one: whoever guesses must not
 * begin anew with a capital, an accent or a blank. Source: RFC 4518, and somewhat coarser.
 */
function asDirectoriesCompare(username: string): string {
  const plain = username.normalize("NFKD").replaceAll(/[\p{C}\p{Z}\p{M}]/gu, "");
  return plain.toUpperCase().toLowerCase();
}

/** Remembers verified credentials, by a keyed hash whose key lives as long as this process. */
function openMemory(clock: () => number) {
  const secret = randomBytes(32);
  const until = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  return {
    keyOf: (parts: readonly (string | null)[]) =>
      createHmac("sha256", secret).update(JSON.stringify(parts)).digest("base64"),
    has: (key: string) => (until.get(key) ?? 0) > clock(),
    add: (key: string) => void until.set(key, clock() + REMEMBERED_MS),
  };
}

async function findAccounts(
  catalog: Catalog,
  names: string[],
): Promise<(AccountRow | undefined)[]> {
  const rows = await catalog.db
    .selectFrom("account")
    .select(["id", "username", "password_hash", "source"])
    .select(sql<boolean>`sysadmin OR admin_by_group`.as("sysadmin"))
    .where("username", "=", anyOf(names))
    .execute();
  const byName = new Map(rows.map((row) => [row.username, row]));
  return names.map((name) => byName.get(name));
}

function identityOf(account: AccountRow): Identity {
  const { id, username, sysadmin } = account;
  return { kind: "account", name: username, accountId: id, sysadmin, grants: null };
}

function wrong(): RegistryError {
  return new RegistryError("UNAUTHORIZED", "username or password is wrong");
}
