import type { LookupFunction } from "node:net";
import { RegistryError } from "@entrepot/oci";
import {
  type Client,
  ConstraintViolationError,
  InappropriateAuthError,
  InvalidCredentialsError,
  NoSuchObjectError,
  UnwillingToPerformError,
} from "ldapts";
import { openCircuit } from "./circuit.ts";
import { bindSearcher, isAnswer, visitDirectory } from "./ldap-connection.ts";
import {
  type DirectoryGroup,
  findPerson,
  listGroups,
  listPeople,
  type Person,
} from "./ldap-entries.ts";
import { groupsOf } from "./ldap-groups.ts";
import { plainDn } from "./ldap-name.ts";
import type { LdapSettings } from "./ldap-settings.ts";

/** A person with what the groups say. */
export interface KnownPerson extends Person {
  /** Plain names of the groups that it is in. */
  readonly inGroups: readonly string[];
  /** One of them is the administrators'. */
  readonly isAdmin: boolean;
}

/** A directory by LDAP. Everything throws UNAVAILABLE when it cannot be asked. */
export interface Ldap {
  /**
   * The person called `username` if `password` is its password, else null. Throws FORBIDDEN if
   * several are called so. An empty password is nobody's: to a directory it would mean to log in
   * as nobody, which succeeds (RFC 4513 §5.1.2).
   */
  authenticate(
    settings: LdapSettings,
    username: string,
    password: string,
  ): Promise<KnownPerson | null>;

  /** The person called `username`, or null. Throws FORBIDDEN if several are called so. */
  find(settings: LdapSettings, username: string): Promise<KnownPerson | null>;

  /** At most 100 people whose username begins with `username`. */
  people(settings: LdapSettings, username: string): Promise<Person[]>;

  /** At most 100 groups whose name has `name` in it, or the one at `dn`. */
  groups(
    settings: LdapSettings,
    of: { readonly name?: string; readonly dn?: string },
  ): Promise<DirectoryGroup[]>;

  /** Tries everything out that needs no person: connection, search account, base. */
  ping(settings: LdapSettings): Promise<void>;
}

/** What LDAP is opened with. */
export interface LdapOptions {
  /** Decides which addresses may be gone to. */
  readonly lookup: LookupFunction;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Opens it; a directory that does not answer is left alone for some seconds. */
export function openLdap({ lookup, clock = Date.now }: LdapOptions): Ldap {
  const circuit = openCircuit(clock, isAnswer);

  /** A visit as the account that searches. */
  function visit<T>(settings: LdapSettings, use: (client: Client) => Promise<T>): Promise<T> {
    return circuit(JSON.stringify(settings), () => searching(settings, use));
  }

  function searching<T>(settings: LdapSettings, use: (client: Client) => Promise<T>): Promise<T> {
    return visitDirectory(settings, lookup, async (client) => {
      await bindSearcher(client, settings);
      return use(client);
    });
  }

  return {
    async authenticate(settings, username, password) {
      if (username === "" || password === "") return null;
      return visit(settings, async (client) => {
        const person = await findPerson(client, settings, username);
        if (!person || person.disabled) return null;
        // While it is still the searcher who asks.
        const known = await withGroups(client, settings, person);
        return (await isPassword(client, person.dn, password)) ? known : null;
      });
    },
    find: (settings, username) =>
      visit(settings, async (client) => {
        const person = username === "" ? null : await findPerson(client, settings, username);
        return person && !person.disabled ? withGroups(client, settings, person) : null;
      }),
    people: (settings, username) =>
      visit(settings, (client) => listPeople(client, settings, username)),
    groups: (settings, of) => visit(settings, (client) => listGroups(client, settings, of)),
    // Somebody is mending it: no time to be left alone.
    ping: (settings) =>
      searching(settings, async (client) => {
        const base = { scope: "base" as const, attributes: ["1.1"] };
        try {
          await client.search(settings.baseDn, base);
        } catch (error) {
          if (!(error instanceof NoSuchObjectError)) throw error;
          throw new RegistryError(
            "UNAVAILABLE",
            `the directory has no entry ${JSON.stringify(settings.baseDn)}, or does not show it ` +
              "to ldap_search_dn; check ldap_base_dn",
            { cause: error },
          );
        }
      }),
  };
}

async function withGroups(
  client: Client,
  settings: LdapSettings,
  person: Person,
): Promise<KnownPerson> {
  const inGroups = await groupsOf(client, settings, person);
  const admin = plainDn(settings.groupAdminDn);
  return { ...person, inGroups, isAdmin: admin !== "" && inGroups.includes(admin) };
}

/** What directories answer for a wrong password, and for accounts that are locked or expired. */
const REFUSALS = [
  InvalidCredentialsError,
  InappropriateAuthError,
  UnwillingToPerformError,
  ConstraintViolationError,
  NoSuchObjectError,
];

async function isPassword(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (REFUSALS.some((refusal) => error instanceof refusal)) return false;
    throw error;
  }
}
