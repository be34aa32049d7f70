import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { type Catalog, INITIAL_SETTINGS, type Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Identity } from "../identity.ts";
import type { SecretBox } from "../secret-box.ts";
import { type CliSecrets, openCliSecrets } from "./cli-secrets.ts";
import { vouchedAccount, type Vouched } from "./directory-accounts.ts";
import { type DirectoryLogins, openDirectoryLogins, vouchedPerson } from "./directory-logins.ts";
import { openLdap } from "./ldap.ts";
import type { DirectoryGroup, Person } from "./ldap-entries.ts";
import { ldapSettings } from "./ldap-settings.ts";
import { oidcSettings } from "./oidc-settings.ts";
import { openPresence } from "./presence.ts";
import { type DirectoryFetch, openOidc, type Oidc } from "./oidc.ts";
import { openOidcStandings } from "./oidc-standing.ts";

/** Where accounts come from that are not our own. */
export interface Directories extends CliSecrets {
  readonly oidc: Oidc;

  /**
   * Signs in whom an OpenID Connect provider vouches for; see `vouchedAccount`. With
   * `refreshToken`, if there is one, the provider is asked later on whether it still does. Throws
   * FORBIDDEN for who has no account yet where the settings make none.
   */
  vouched(person: Vouched, refreshToken?: string | null): Promise<Identity>;

  /** Tries the directory out, with `given` instead of what is set. Throws UNAVAILABLE. */
  pingLdap(given: Readonly<Record<string, unknown>>): Promise<void>;

  /** At most 100 people whose username begins with `username`. Throws UNAVAILABLE. */
  ldapPeople(username: string): Promise<Person[]>;

  /** At most 100 groups by name or distinguished name. Throws UNAVAILABLE. */
  ldapGroups(of: { readonly name?: string; readonly dn?: string }): Promise<DirectoryGroup[]>;

  /**
   * Makes accounts of people, before they log in themselves. Answers those that failed, with why.
   * Repeating is safe. Throws UNAVAILABLE.
   */
  importLdap(
    usernames: readonly string[],
  ): Promise<{ readonly username: string; readonly error: string }[]>;
}

/** How directories are reached. */
export interface DirectoryNetwork {
  /** Resolves names to addresses that may be gone to; refuses others. */
  readonly lookup: LookupFunction;
  readonly fetch: DirectoryFetch;
}

/** What directories are opened with. */
export interface DirectoriesOptions {
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly settings?: Pick<Settings, "get"> | undefined;
  readonly network?: DirectoryNetwork | undefined;
  readonly clock: () => number;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Opens them; what they say is asked for when it is needed. */
export function openDirectories(options: DirectoriesOptions): Directories & {
  readonly logins: DirectoryLogins;
  /** See `openPresence`. */
  readonly isPresent: (accountId: number) => Promise<boolean>;
} {
  const { catalog, box, settings = INITIAL_SETTINGS, clock, onError = () => undefined } = options;
  const { lookup, fetch } = options.network ?? OPEN_NETWORK;
  const ldap = openLdap({ lookup, clock });
  const oidc = openOidc({ settings, box, fetch, clock });
  const standings = openOidcStandings({ catalog, box, oidc, clock, onError });
  const isPresent = openPresence({ catalog, settings, ldap, standings, clock, onError });

  return {
    logins: openDirectoryLogins({ catalog, box, settings, ldap, isPresent, clock, onError }),
    isPresent,
    oidc,
    ...openCliSecrets(catalog, box),
    async vouched(person, refreshToken = null) {
      if (oidcSettings(settings).autoOnboard || (await isKnown(catalog, person))) {
        const identity = await vouchedAccount(catalog, person);
        await standings.vouchedFor(identity.accountId!, refreshToken);
        return identity;
      }
      throw new RegistryError(
        "FORBIDDEN",
        "you have no account here, and first logins make none; an administrator can change " +
          "oidc_auto_onboard",
        { detail: { login: "no-account" } },
      );
    },
    pingLdap: (given) => ldap.ping(ldapSettings(settings, given)),
    ldapPeople: (username) => ldap.people(ldapSettings(settings), username),
    ldapGroups: (of) => ldap.groups(ldapSettings(settings), of),

    async importLdap(usernames) {
      const failed: { username: string; error: string }[] = [];
      for (const username of new Set(usernames)) {
        try {
          const person = await ldap.find(ldapSettings(settings), username);
          if (!person) failed.push({ username, error: "the directory knows nobody of this name" });
          else await vouchedAccount(catalog, vouchedPerson(person));
        } catch (error) {
          if (!(error instanceof RegistryError) || error.code !== "FORBIDDEN") throw error;
          failed.push({ username, error: error.message });
        }
      }
      return failed;
    },
  };
}

async function isKnown(catalog: Catalog, { source, externalId }: Vouched): Promise<boolean> {
  const row = await catalog.db
    .selectFrom("account")
    .select("id")
    .where("source", "=", source)
    .where("external_id", "=", externalId)
    .executeTakeFirst();
  return row !== undefined;
}

const OPEN_NETWORK: DirectoryNetwork = {
  lookup: systemLookup as LookupFunction,
  fetch: (url, request) => globalThis.fetch(url, request as RequestInit),
};
