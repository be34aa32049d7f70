import type { Client } from "ldapts";
import { groupsListing, type Person, readGroup } from "./ldap-entries.ts";
import { isBelow, plainDn } from "./ldap-name.ts";
import type { LdapSettings } from "./ldap-settings.ts";

/** More than anybody is in; the rest does not count. */
const MOST_GROUPS = 1_000;
/** Groups in groups in groups: deeper than this nobody has built them. */
const DEEPEST = 10;
const AT_ONCE = 20;

/**
 * The groups that `person` is in, by their plain names: those that its entry lists, as far as they
 * are below the settings' base and pass its filter, with nested ones if these count. Where entries
 * list none, the groups are searched that list the person.
 */
export async function groupsOf(
  client: Client,
  settings: LdapSettings,
  person: Person,
): Promise<string[]> {
  if (person.groups.length === 0 && settings.groupBaseDn !== "") {
    const listing = await groupsListing(client, settings, person);
    return listing.map(({ dn }) => plainDn(dn)).slice(0, MOST_GROUPS);
  }
  const found = new Set<string>();
  const seen = new Set<string>();
  let level: readonly string[] = person.groups;
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth += 1) {
    const fresh = level.filter((dn) => counts(settings, dn) && !seen.has(plainDn(dn)));
    const room = Math.max(0, MOST_GROUPS - seen.size);
    level = await lookInto(client, settings, fresh.slice(0, room), { found, seen });
    if (!settings.nestedGroups) break;
  }
  return [...found];
}

/** Adds those of `groups` that count to `found`; returns the groups that these are in. */
async function lookInto(
  client: Client,
  settings: LdapSettings,
  groups: readonly string[],
  { found, seen }: { readonly found: Set<string>; readonly seen: Set<string> },
): Promise<string[]> {
  for (const dn of groups) seen.add(plainDn(dn));
  // Nothing more is asked about a group than its name, unless the settings want it.
  if (settings.groupFilter === "" && !settings.nestedGroups) {
    for (const dn of groups) found.add(plainDn(dn));
    return [];
  }
  const above: string[] = [];
  for (let i = 0; i < groups.length; i += AT_ONCE) {
    const part = groups.slice(i, i + AT_ONCE);
    const read = await Promise.all(part.map((dn) => readGroup(client, settings, dn)));
    for (const [n, group] of read.entries()) {
      if (!group) continue;
      found.add(plainDn(part[n]!));
      above.push(...group.groups);
    }
  }
  return above;
}

/** The administrators' group counts wherever it is. */
function counts(settings: LdapSettings, dn: string): boolean {
  const name = plainDn(dn);
  return isBelow(name, plainDn(settings.groupBaseDn)) || name === plainDn(settings.groupAdminDn);
}
