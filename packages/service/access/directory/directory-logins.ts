import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Catalog, Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { Identity } from "../identity.ts";
import { verifyPassword } from "../passwords.ts";
import type { SecretBox } from "../secret-box.ts";
import { cliSecretContext } from "./cli-secrets.ts";
import { vouchedAccount, type Vouched } from "./directory-accounts.ts";
import { AUTH_MODE } from "./directory-settings.ts";
import type { KnownPerson, Ldap } from "./ldap.ts";
import { ldapSettings } from "./ldap-settings.ts";

/** What a login knows of the account that it is about; undefined where there is none yet. */
export type Asked = { readonly id: number; readonly source: "local" | "ldap" | "oidc" } | undefined;

/** Logins that are not ours to judge: by a directory's password, or a secret in its place. */
export interface DirectoryLogins {
  /** Whether the password of `asked` is a directory's business. */
  concerns(asked: Asked): boolean;

  /** Who was let in by these credentials within the last minute, as its account is now. */
  remembered(username: string, password: string): Promise<Identity | null>;

  /**
   * Who it is; null if the password is wrong or nobody is called so. Throws UNAVAILABLE when the
   * directory cannot be asked, FORBIDDEN where its answer is of no use.
   */
  login(asked: Asked, username: string, password: string): Promise<Identity | null>;
}

/** What they are opened with. */
export interface DirectoryLoginOptions {
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly settings: Pick<Settings, "get">;
  readonly ldap: Ldap;
  /** See `openPresence`. */
  readonly isPresent: (accountId: number) => Promise<boolean>;
  readonly clock: () => number;
  /** Told what administrators have to know, and people who log in do not. */
  readonly onError: (error: unknown) => void;
}

/** At the latest after so long, whoever is removed or locked in the directory is out. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 5_000;

/** Logins by the directory that the settings tell of. */
export function openDirectoryLogins(options: DirectoryLoginOptions): DirectoryLogins {
  const { catalog, settings, ldap, isPresent, clock, box, onError } = options;
  const secret = randomBytes(32);
  const known = new LRUCache<string, { readonly id: number; readonly until: number }>({
    max: MOST_REMEMBERED,
  });
  /** Other settings let other people in. */
  const keyOf = (username: string, password: string) =>
    createHmac("sha256", secret)
      .update(JSON.stringify([username, password, settings.get(AUTH_MODE), ldapSettings(settings)]))
      .digest("base64");
  const isLdap = () => settings.get(AUTH_MODE) === "ldap_auth";

  async function byLdap(username: string, password: string): Promise<Identity | null> {
    if (!isLdap()) return nobody(password);
    try {
      const person = await ldap.authenticate(ldapSettings(settings), username, password);
      return person && (await vouchedAccount(catalog, vouchedPerson(person)));
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNAVAILABLE") throw error;
      onError(error);
      throw new RegistryError(
        "UNAVAILABLE",
        "the directory that knows this account does not answer, so nobody can tell whether the " +
          "password is right; try again in a moment, local accounts log in as ever",
        { cause: error },
      );
    }
  }

  async function byCliSecret(id: number, password: string): Promise<Identity | null> {
    if (settings.get(AUTH_MODE) !== "oidc_auth") return nobody(password);
    const account = await catalog.db
      .selectFrom("account")
      .select("cli_secret_sealed")
      .where("id", "=", id)
      .executeTakeFirst();
    const sealed = account?.cli_secret_sealed;
    if (!sealed) return nobody(password);
    const right = Buffer.from(box.open(sealed, cliSecretContext(id)));
    const given = Buffer.from(password);
    const same = right.length === given.length && timingSafeEqual(right, given);
    return same && (await isPresent(id)) ? identityOf(catalog, id) : nobody(password);
  }

  return {
    concerns: (asked) => (asked ? asked.source !== "local" : isLdap()),

    async remembered(username, password) {
      const found = known.get(keyOf(username, password));
      return found && found.until > clock() ? identityOf(catalog, found.id) : null;
    },

    async login(asked, username, password) {
      // Of OpenID Connect a regenerated secret counts at once, and costs nothing to look at.
      if (asked?.source === "oidc") return byCliSecret(asked.id, password);
      const identity = await byLdap(username, password);
      if (identity?.accountId) {
        const until = clock() + REMEMBERED_MS;
        known.set(keyOf(username, password), { id: identity.accountId, until });
      }
      return identity;
    },
  };
}

/** Null, as late as for an unknown user, so that the time tells nobody who has an account. */
async function nobody(password: string): Promise<null> {
  await verifyPassword(password, null);
  return null;
}

/** `person` as an account is made of it. */
export function vouchedPerson(person: KnownPerson): Vouched {
  const { externalId, username, email, realname, inGroups: groups, isAdmin } = person;
  return { source: "ldap", externalId, username, email, realname, groups, isAdmin };
}

/** The account as it is now; null if it is gone. */
async function identityOf({ db }: Catalog, accountId: number): Promise<Identity | null> {
  const row = await db
    .selectFrom("account")
    .select(["username as name", sql<boolean>`sysadmin OR admin_by_group`.as("sysadmin")])
    .where("id", "=", accountId)
    .executeTakeFirst();
  return row ? { kind: "account", ...row, accountId, grants: null } : null;
}
