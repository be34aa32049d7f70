import type { Catalog, Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { LRUCache } from "lru-cache";
import type { Logins } from "../logins.ts";
import { vouchedAccount } from "./directory-accounts.ts";
import { vouchedPerson } from "./directory-logins.ts";
import { AUTH_MODE } from "./directory-settings.ts";
import type { Ldap } from "./ldap.ts";
import { ldapSettings } from "./ldap-settings.ts";
import type { OidcStandings } from "./oidc-standing.ts";

/** What presence is asked of. */
export interface PresenceOptions {
  readonly catalog: Catalog;
  readonly settings: Pick<Settings, "get">;
  readonly ldap: Ldap;
  readonly standings: Pick<OidcStandings, "isPresent">;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** Whether an account is present, and whether that may be remembered here. */
interface Told {
  readonly isPresent: boolean;
  readonly lasts: boolean;
}

/**
 * Whether an account may still be used by a session or a token that it was given: not when it is
 * gone, when its directory no longer has or enables its person, or when another directory is set.
 * Its groups are brought up to date on the way. What is told is at most a minute old, of OpenID
 * Connect as old as `OidcStandings` has it. An LDAP directory that cannot be asked changes nothing:
 * whoever is in stays in.
 */
export function openPresence(options: PresenceOptions): (accountId: number) => Promise<boolean> {
  const { clock } = options;
  const known = new LRUCache<number, { readonly until: number; readonly told: Promise<Told> }>({
    max: MOST_REMEMBERED,
  });
  return async (accountId) => {
    const before = known.get(accountId);
    if (before && before.until > clock()) return (await before.told).isPresent;
    const told = findOut(options, accountId);
    known.set(accountId, { until: clock() + REMEMBERED_MS, told });
    try {
      const { isPresent, lasts } = await told;
      if (!lasts) known.delete(accountId);
      return isPresent;
    } catch (error) {
      known.delete(accountId);
      throw error;
    }
  };
}

/** `logins` by personal access tokens only while their accounts are present. */
export function withPresence(
  logins: Pick<Logins, "login">,
  isPresent: (accountId: number) => Promise<boolean>,
): Pick<Logins, "login"> {
  return {
    async login(...credentials) {
      const identity = await logins.login(...credentials);
      if (identity.accessToken === undefined) return identity;
      if (await isPresent(identity.accountId ?? 0)) return identity;
      throw new RegistryError("UNAUTHORIZED", "username or password is wrong");
    },
  };
}

async function findOut(options: PresenceOptions, accountId: number): Promise<Told> {
  const { catalog, settings, standings } = options;
  const account = await catalog.db
    .selectFrom("account")
    .select(["source", "username", "external_id"])
    .where("id", "=", accountId)
    .executeTakeFirst();
  if (!account || account.source === "local") return lasting(account !== undefined);
  if (settings.get(AUTH_MODE) !== `${account.source}_auth`) return lasting(false);
  const { username, external_id } = account;
  const externalId = external_id ?? "";
  if (account.source === "ldap") return lasting(await isInLdap(options, username, externalId));
  // Remembered in the database, for all nodes: whoever signs in at one is in at all.
  return { isPresent: await standings.isPresent({ id: accountId, externalId }), lasts: false };
}

function lasting(isPresent: boolean): Told {
  return { isPresent, lasts: true };
}

async function isInLdap(
  { catalog, settings, ldap, onError }: PresenceOptions,
  username: string,
  externalId: string,
): Promise<boolean> {
  try {
    const person = await ldap.find(ldapSettings(settings), username);
    if (person?.externalId !== externalId) return false;
    await vouchedAccount(catalog, vouchedPerson(person));
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "UNAVAILABLE") throw error;
    onError(error);
    return true;
  }
}
