import type { Catalog, Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { LRUCache } from "lru-cache";
import type { Logins } from "../logins.ts";
import { vouchedAccount } from "./directory-accounts.ts";
import { vouchedPerson } from "./directory-logins.ts";
import { AUTH_MODE } from "./directory-settings.ts";
import type { Ldap } from "./ldap.ts";
import { ldapSettings } from "./ldap-settings.ts";

/** What presence is asked of. */
export interface PresenceOptions {
  readonly catalog: Catalog;
  readonly settings: Pick<Settings, "get">;
  readonly ldap: Ldap;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * Whether an account may still be used by a session or a token that it was given: not when it is
 * gone, when its directory no longer has or enables its person, or when another directory is set.
 * Its groups are brought up to date on the way. What is told is at most a minute old. A directory
 * that cannot be asked changes nothing: whoever is in stays in.
 */
export function openPresence(options: PresenceOptions): (accountId: number) => Promise<boolean> {
  const { clock } = options;
  const known = new LRUCache<number, { readonly until: number; readonly told: Promise<boolean> }>({
    max: MOST_REMEMBERED,
  });
  return (accountId) => {
    const before = known.get(accountId);
    if (before && before.until > clock()) return before.told;
    const told = findOut(options, accountId);
    known.set(accountId, { until: clock() + REMEMBERED_MS, told });
    told.catch(() => known.delete(accountId));
    return told;
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

async function findOut(
  { catalog, settings, ldap, onError }: PresenceOptions,
  accountId: number,
): Promise<boolean> {
  const account = await catalog.db
    .selectFrom("account")
    .select(["source", "username", "external_id"])
    .where("id", "=", accountId)
    .executeTakeFirst();
  if (!account || account.source === "local") return account !== undefined;
  if (settings.get(AUTH_MODE) !== `${account.source}_auth`) return false;
  if (account.source === "oidc") return true;
  try {
    const person = await ldap.find(ldapSettings(settings), account.username);
    if (person?.externalId !== account.external_id) return false;
    await vouchedAccount(catalog, vouchedPerson(person));
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "UNAVAILABLE") throw error;
    onError(error);
    return true;
  }
}
