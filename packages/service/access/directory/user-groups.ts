import {
  type Actor,
  type Catalog,
  type Commit,
  memberChange,
  userGroupChange,
} from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { plainDn } from "./ldap-name.ts";

/** A group of a directory that has a meaning here: it can be a member of projects. */
export interface NewUserGroup {
  readonly name: string;
  /** Harbor's numbers: 1 LDAP, 3 OpenID Connect. */
  readonly type: number;
  /** Of LDAP: its distinguished name. */
  readonly ldapGroupDn?: string | undefined;
}

/** Groups of directories. Every change is journalled on behalf of an actor. */
export interface UserGroups {
  /**
   * Names a group. Whoever is in it according to the directory is so at once. Returns its id.
   * Throws BAD_REQUEST for what is no group, CONFLICT for one that is named already.
   */
  createGroup(actor: Actor, group: NewUserGroup): Promise<number>;

  /** Calls group `id` otherwise; what it is in the directory stays. Throws as `createGroup`. */
  renameGroup(actor: Actor, id: number, name: string): Promise<void>;

  /** What a distinguished name is compared by: `user_group.key` of a group of LDAP. */
  keyOfDn(dn: string): string;

  /** Deletes group `id` with its memberships. False if there is none. */
  deleteGroup(actor: Actor, id: number): Promise<boolean>;
}

const LONGEST_NAME = 255;
const LONGEST_DN = 1_024;

/** The groups in `catalog`. */
export function openUserGroups(catalog: Catalog): UserGroups {
  return {
    keyOfDn: plainDn,
    createGroup: (actor, group) => catalog.commit(actor, (commit) => putGroup(commit, group)),

    renameGroup: (actor, id, name) =>
      catalog.commit(actor, async (commit) => {
        checkName(name);
        const before = await lockedGroup(commit, id);
        if (!before) throw new RegistryError("NOT_FOUND", `there is no user group ${id}`);
        if (before.name === name) return;
        await refuseTaken(commit, { type: before.type, name });
        const row = await commit.db
          .updateTable("user_group")
          .set({ name, updated_at: sql<Date>`now()` })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        // A new name for the same thing is a deletion and a creation.
        const members = await membershipsOf(commit, id);
        for (const one of members) {
          commit.record(memberChange(one.project, before.member_name, null));
        }
        commit.record(userGroupChange(before.member_name, null));
        commit.record(userGroupChange(row.member_name, row));
        for (const one of members) commit.record(memberChange(one.project, row.member_name, one));
      }),

    deleteGroup: (actor, id) =>
      catalog.commit(actor, async (commit) => {
        const group = await lockedGroup(commit, id);
        if (!group) return false;
        for (const { project } of await membershipsOf(commit, id)) {
          commit.record(memberChange(project, group.member_name, null));
        }
        await commit.db.deleteFrom("user_group").where("id", "=", id).execute();
        commit.record(userGroupChange(group.member_name, null));
        return true;
      }),
  };
}

async function putGroup(commit: Commit, group: NewUserGroup): Promise<number> {
  const { name, type, ldapGroupDn = "" } = group;
  checkName(name);
  if (type !== 1 && type !== 3) {
    throw new RegistryError(
      "BAD_REQUEST",
      `group_type ${type} is not served: use 1 (LDAP), 3 (OIDC)`,
    );
  }
  if (type === 1 && (!ldapGroupDn.includes("=") || ldapGroupDn.length > LONGEST_DN)) {
    throw new RegistryError(
      "BAD_REQUEST",
      "a group of LDAP needs its ldap_group_dn, as cn=devs,ou=groups,dc=example,dc=org",
    );
  }
  const key = type === 1 ? plainDn(ldapGroupDn) : name;
  await refuseTaken(commit, { type, name, key });
  const row = await commit.db
    .insertInto("user_group")
    .values({ name, type, ldap_group_dn: type === 1 ? ldapGroupDn : "", key })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) throw taken(name);
  commit.record(userGroupChange(row.member_name, row));
  return row.id;
}

function checkName(name: string): void {
  if (/^\P{C}+$/u.test(name) && name.trim() === name && name.length <= LONGEST_NAME) return;
  throw new RegistryError(
    "BAD_REQUEST",
    `${JSON.stringify(name.slice(0, 100))} cannot be a group's name: use 1 to ${LONGEST_NAME} ` +
      "characters that can be seen",
  );
}

async function refuseTaken(
  { db }: Commit,
  { type, name, key }: { readonly type: number; readonly name: string; readonly key?: string },
): Promise<void> {
  const found = await db
    .selectFrom("user_group")
    .select("name")
    .where("type", "=", type)
    .where((eb) =>
      eb.or([eb("name", "=", name), ...(key === undefined ? [] : [eb("key", "=", key)])]),
    )
    .executeTakeFirst();
  if (found) throw taken(found.name);
}

function taken(name: string): RegistryError {
  return new RegistryError("CONFLICT", `user group '${name}' exists already`);
}

function lockedGroup({ db }: Commit, id: number) {
  return db
    .selectFrom("user_group")
    .selectAll()
    .where(sql<boolean>`id = ${id}::bigint`)
    .forUpdate()
    .executeTakeFirst();
}

function membershipsOf({ db }: Commit, groupId: number) {
  return db
    .selectFrom("member")
    .innerJoin("project", "project.id", "member.project_id")
    .select(["project.name as project", "role", "grants", "denies"])
    .where("group_id", "=", groupId)
    .orderBy("project.name")
    .execute();
}
