import { RegistryError } from "@entrepot/oci";
import {
  AndFilter,
  type Client,
  type Entry,
  EqualityFilter,
  type Filter,
  FilterParser,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  OrFilter,
  PresenceFilter,
  ResultCodeError,
  SubstringFilter,
} from "ldapts";
import type { LdapSettings } from "./ldap-settings.ts";
import { plainDn } from "./ldap-name.ts";

/** A person of the directory. */
export interface Person {
  readonly dn: string;
  /** What the directory never gives to anybody else. */
  readonly externalId: string;
  readonly username: string;
  readonly email: string;
  readonly realname: string;
  /** The groups that the entry itself lists. */
  readonly groups: readonly string[];
  /** Active Directory says that this account is switched off. */
  readonly disabled: boolean;
}

/** A group of the directory. */
export interface DirectoryGroup {
  readonly dn: string;
  readonly name: string;
  /** The groups that it is in. */
  readonly groups: readonly string[];
}

/** More than anybody chooses from. */
const MOST_SHOWN = 100;
/** Active Directory's flag in userAccountControl. */
const ACCOUNT_DISABLED = 0x2;
const IDS = ["entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID"] as const;

/**
 * The one person who is called `username`, or null. Throws FORBIDDEN if there are several: nobody
 * is let in by chance.
 */
export async function findPerson(
  client: Client,
  settings: LdapSettings,
  username: string,
): Promise<Person | null> {
  const named = new EqualityFilter({ attribute: settings.uid, value: username });
  const found = await searchPeople(client, settings, named, 2);
  if (found.length < 2) return found[0] ?? null;
  throw new RegistryError(
    "FORBIDDEN",
    `several entries of the directory are called ${JSON.stringify(username)}; an administrator ` +
      "has to narrow ldap_base_dn or ldap_filter",
  );
}

/** People whose username begins with `username`, or all if it is empty; at most 100. */
export async function listPeople(
  client: Client,
  settings: LdapSettings,
  username: string,
): Promise<Person[]> {
  const attribute = settings.uid;
  const named =
    username === ""
      ? new PresenceFilter({ attribute })
      : new SubstringFilter({ attribute, initial: username });
  const people = await searchPeople(client, settings, named, MOST_SHOWN);
  return people.toSorted((a, b) => (a.username < b.username ? -1 : 1));
}

async function searchPeople(
  client: Client,
  settings: LdapSettings,
  named: Filter,
  sizeLimit: number,
): Promise<Person[]> {
  const { baseDn, scope, uid, membership } = settings;
  const entries = await search(client, baseDn, {
    scope,
    filter: both(settings.filter, named),
    sizeLimit,
    attributes: [uid, membership, "mail", "displayName", "cn", "userAccountControl", ...IDS],
    explicitBufferAttributes: ["objectGUID"],
  });
  return entries.flatMap((entry) => personOf(entry, settings) ?? []);
}

function personOf(entry: Entry, settings: LdapSettings): Person | null {
  const [username] = valuesOf(entry, settings.uid);
  if (username === undefined) return null;
  const flags = Number(valuesOf(entry, "userAccountControl")[0] ?? 0);
  return {
    dn: entry.dn,
    externalId: idOf(entry),
    username,
    email: valuesOf(entry, "mail")[0] ?? "",
    realname: valuesOf(entry, "displayName")[0] ?? valuesOf(entry, "cn")[0] ?? "",
    groups: valuesOf(entry, settings.membership),
    disabled: (flags & ACCOUNT_DISABLED) !== 0,
  };
}

/** An entry's own number: its name is given anew when somebody leaves. */
function idOf(entry: Entry): string {
  for (const id of IDS) {
    const [value] = valuesOf(entry, id);
    if (value !== undefined && value !== "") return value.toLowerCase();
  }
  return plainDn(entry.dn);
}

/** Groups called like `name`, all if it is empty, or the one at `dn`; at most 100. */
export async function listGroups(
  client: Client,
  settings: LdapSettings,
  { name = "", dn = "" }: { readonly name?: string; readonly dn?: string },
): Promise<DirectoryGroup[]> {
  if (dn !== "") {
    const group = await readGroup(client, settings, dn);
    return group ? [group] : [];
  }
  const attribute = settings.groupName;
  const named =
    name === ""
      ? new PresenceFilter({ attribute })
      : new SubstringFilter({ attribute, any: [name] });
  const groups = await searchGroups(client, settings, named, MOST_SHOWN);
  return groups.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The group at `dn` if the settings' filter accepts it, else null: also for what is no name. */
export async function readGroup(
  client: Client,
  settings: LdapSettings,
  dn: string,
): Promise<DirectoryGroup | null> {
  const entries = await search(client, dn, {
    scope: "base",
    filter: both(settings.groupFilter, new PresenceFilter({ attribute: "objectClass" })),
    attributes: [settings.groupName, settings.membership],
  });
  return entries.map((entry) => groupOf(entry, settings))[0] ?? null;
}

/** The groups that list `person` among their members, for directories whose people do not. */
export function groupsListing(
  client: Client,
  settings: LdapSettings,
  person: Pick<Person, "dn" | "username">,
): Promise<DirectoryGroup[]> {
  const filters = [
    new EqualityFilter({ attribute: "member", value: person.dn }),
    new EqualityFilter({ attribute: "uniqueMember", value: person.dn }),
    new EqualityFilter({ attribute: "memberUid", value: person.username }),
  ];
  return searchGroups(client, settings, new OrFilter({ filters }), 1_000);
}

async function searchGroups(
  client: Client,
  settings: LdapSettings,
  named: Filter,
  sizeLimit: number,
): Promise<DirectoryGroup[]> {
  const entries = await search(client, settings.groupBaseDn, {
    scope: settings.groupScope,
    filter: both(settings.groupFilter, named),
    sizeLimit,
    attributes: [settings.groupName, settings.membership],
  });
  return entries.map((entry) => groupOf(entry, settings));
}

function groupOf(entry: Entry, settings: LdapSettings): DirectoryGroup {
  const [name = entry.dn] = valuesOf(entry, settings.groupName);
  return { dn: entry.dn, name, groups: valuesOf(entry, settings.membership) };
}

/** It says that somebody else has it. Source: RFC 4511 §4.1.9. */
const REFERRAL = 10;

/** What the directory has; nothing where `base` does not exist, is no name or is not its own. */
async function search(
  client: Client,
  base: string,
  options: NonNullable<Parameters<Client["search"]>[1]>,
): Promise<Entry[]> {
  try {
    return (await client.search(base, options)).searchEntries;
  } catch (error) {
    if (error instanceof NoSuchObjectError || error instanceof InvalidDNSyntaxError) return [];
    if (error instanceof ResultCodeError && error.code === REFERRAL) return [];
    throw error;
  }
}

/** Values are never put into a filter's text: the library writes them as bytes (RFC 4511). */
function both(configured: string, named: Filter): Filter {
  if (configured === "") return named;
  return new AndFilter({ filters: [FilterParser.parseString(configured), named] });
}

/** The values of an attribute, whatever the case that the directory tells its name in. */
function valuesOf(entry: Entry, attribute: string): string[] {
  const wanted = attribute.toLowerCase();
  const key = Object.keys(entry).find((name) => name.toLowerCase() === wanted);
  const value = key === undefined || key === "dn" ? [] : entry[key];
  const all = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => {
    if (one === undefined) return [];
    return [Buffer.isBuffer(one) ? one.toString("hex") : one];
  });
}
