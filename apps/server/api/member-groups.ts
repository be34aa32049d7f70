import { isBelow, ldapSettings } from "@entrepot/access";
import type { NewMember } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { sql } from "kysely";
import type { ApiOptions, Env } from "./app.ts";

/**
 * What the group that a request names is called among members. A group of LDAP that nobody has
 * named yet is named now as the directory calls it, if it has it among those that count. Throws
 * BAD_REQUEST, NOT_FOUND, CONFLICT where another group is called so.
 */
export async function memberNameOf(
  options: ApiOptions,
  context: Context<Env>,
  group: NonNullable<NewMember["member_group"]>,
): Promise<string> {
  const known = await findGroup(options, group);
  if (known) return known;
  const dn = group.ldap_group_dn;
  if (!dn) throw new RegistryError("NOT_FOUND", "there is no such user group; name it first");
  const base = ldapSettings(options.settings).groupBaseDn;
  const { groups } = options.access;
  if (!isBelow(groups.keyOfDn(dn), groups.keyOfDn(base))) {
    throw new RegistryError("BAD_REQUEST", `${dn} is not below ldap_group_base_dn, ${base}`);
  }
  const [found] = await options.access.directories.ldapGroups({ dn });
  if (!found) throw new RegistryError("NOT_FOUND", `the directory has no group ${dn}`);
  const id = await groups.createGroup(context.get("actor"), {
    name: found.name,
    type: 1,
    ldapGroupDn: found.dn,
  });
  return (await findGroup(options, { id }))!;
}

async function findGroup(
  { access, catalog }: ApiOptions,
  {
    id,
    group_name: name,
    group_type: type,
    ldap_group_dn: dn,
  }: NonNullable<NewMember["member_group"]>,
): Promise<string | null> {
  let rows = catalog.db.selectFrom("user_group").select("member_name");
  if (id) rows = rows.where(sql<boolean>`id = ${id}::bigint`);
  else if (dn) rows = rows.where("type", "=", 1).where("key", "=", access.groups.keyOfDn(dn));
  else if (name) rows = rows.where("name", "=", name);
  else
    throw new RegistryError("BAD_REQUEST", "member_group needs an id, group_name or ldap_group_dn");
  if (!id && type) rows = rows.where("type", "=", type);
  const found = await rows.limit(2).execute();
  if (found.length < 2) return found[0]?.member_name ?? null;
  throw new RegistryError(
    "BAD_REQUEST",
    `there are several groups '${name}'; say which group_type`,
  );
}
