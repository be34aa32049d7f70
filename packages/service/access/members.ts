import { type Actor, type Catalog, type Commit, memberChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { PAGE_SIZE, pageOf, type Page, type PageQuery } from "@entrepot/registry";
import { sql } from "kysely";
import { unknownAccount } from "./account-rows.ts";
import { askable } from "./account-rules.ts";
import { asRole, PROJECT_RIGHTS, READING_RIGHTS, type Role } from "./roles.ts";
import { spelledOut } from "./system-rights.ts";

/** The role of an account, or of a directory's group, in a project. */
export interface Member {
  readonly id: number;
  /** Null: it is a group. */
  readonly accountId: number | null;
  /** Of a group its `member_name`, `ldap-group:name` or `oidc-group:name`. */
  readonly username: string;
  readonly role: Role;
  /** `resource:action`: what it may do beside its role, and what it may not. */
  readonly grants: readonly string[];
  readonly denies: readonly string[];
}

/** What a member may do. Rights of its own that are absent stay as they are. */
export interface MemberRights {
  readonly role: Role;
  readonly grants?: readonly string[] | undefined;
  readonly denies?: readonly string[] | undefined;
}

/** Members of projects. Every change is journalled on behalf of an actor. */
export interface Members {
  /**
   * Gives account or group `username` the role `role` (Harbor's id) in `project`, and rights of its
   * own if some are given; whatever it had is replaced. Repeating changes nothing. Throws NOT_FOUND
   * for a missing project or member, BAD_REQUEST for a role that Harbor does not know or a right
   * that there is not.
   */
  setMember(
    actor: Actor,
    project: string,
    username: string,
    role: number,
    own?: Omit<MemberRights, "role">,
  ): Promise<Member>;

  /** Takes the role away. False if it had none. Throws NOT_FOUND for a missing project. */
  removeMember(actor: Actor, project: string, username: string): Promise<boolean>;

  /** Members of `project`, groups too, by name. Throws NOT_FOUND if there is no such project. */
  members(project: string, query?: PageQuery): Promise<Page<Member>>;
}

/** The members in `catalog`. */
export function openMembers(catalog: Catalog): Members {
  return {
    async setMember(actor, project, username, id, own = {}) {
      const role = asRole(id);
      if (role === null) {
        throw new RegistryError("BAD_REQUEST", `there is no role ${id}; roles are 1 to 5`);
      }
      const rights = { role, ...ownRights(own) };
      return catalog.commit(actor, (commit) => putMember(commit, project, username, rights));
    },
    removeMember: (actor, project, username) =>
      catalog.commit(actor, (commit) => takeMember(commit, project, username)),
    members: (project, query) => listMembers(catalog, project, query),
  };
}

/**
 * Rights of a member's own as they are stored: `resource:*` spelled out, each once. Throws
 * BAD_REQUEST for what is no right in a project, and for taking away what every member may.
 */
export function ownRights({
  grants,
  denies,
}: Omit<MemberRights, "role">): Omit<MemberRights, "role"> {
  const denied = denies && spelledOut(denies, PROJECT_RIGHTS);
  const reading = denied?.find((right) => READING_RIGHTS.includes(right));
  if (reading !== undefined) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${reading} cannot be taken away: every member has it; end the membership instead`,
    );
  }
  return { grants: grants && spelledOut(grants, PROJECT_RIGHTS), denies: denied };
}

/**
 * `setMember` as a part of `commit`, for whoever makes a project and its first admin at once.
 * Throws NOT_FOUND.
 */
export async function putMember(
  { db, record }: Commit,
  project: string,
  username: string,
  { role, grants, denies }: MemberRights,
): Promise<Member> {
  const projectId = await projectIdOf(db, project);
  const { column, id: memberId } = await memberOf(db, username);
  const set = {
    role,
    ...(grants && { grants: [...grants] }),
    ...(denies && { denies: [...denies] }),
  };
  const columns = ["id", "role", "grants", "denies"] as const;
  const there = await db
    .selectFrom("member")
    .select(columns)
    .where("project_id", "=", projectId)
    .where(column, "=", memberId)
    .forUpdate()
    .executeTakeFirst();
  const before = there && JSON.stringify(there);
  const row =
    before === JSON.stringify({ ...there, ...set }) && there
      ? there
      : await db
          .insertInto("member")
          .values({ project_id: projectId, [column]: memberId, ...set })
          .onConflict((conflict) => conflict.columns(["project_id", column]).doUpdateSet(set))
          .returning(columns)
          .executeTakeFirstOrThrow();
  if (row !== there) record(memberChange(project, username, row));
  return { ...row, role, accountId: column === "account_id" ? memberId : null, username };
}

/** `removeMember` as a part of `commit`. */
export async function takeMember(
  { db, record }: Commit,
  project: string,
  username: string,
): Promise<boolean> {
  const projectId = await projectIdOf(db, project);
  const gone = await db
    .deleteFrom("member")
    .where(sql<boolean>`(
      account_id = (SELECT id FROM account WHERE username = ${askable(username)})
      OR group_id = (SELECT id FROM user_group WHERE member_name = ${askable(username)}))`)
    .where("project_id", "=", projectId)
    .returning("member.id")
    .executeTakeFirst();
  if (gone) record(memberChange(project, username, null));
  return gone !== undefined;
}

/** Which column of `member` tells of `username`, and its value. Throws NOT_FOUND. */
async function memberOf(
  db: Commit["db"],
  username: string,
): Promise<{ readonly column: "account_id" | "group_id"; readonly id: number }> {
  const isGroup = username.includes(":");
  const found = isGroup
    ? db.selectFrom("user_group").select("id").where("member_name", "=", askable(username))
    : db.selectFrom("account").select("id").where("username", "=", askable(username));
  const row = await found.forKeyShare().executeTakeFirst();
  if (row) return { column: isGroup ? "group_id" : "account_id", id: row.id };
  if (!isGroup) throw unknownAccount(username);
  throw new RegistryError("NOT_FOUND", `group '${username}' does not exist`);
}

async function listMembers(
  catalog: Catalog,
  project: string,
  query: PageQuery = {},
): Promise<Page<Member>> {
  const n = Math.min(query.n ?? PAGE_SIZE, PAGE_SIZE);
  const last = askable(query.last ?? "");
  const projectId = await projectIdOf(catalog.db, project);
  const rows = await catalog.db
    .selectFrom("member")
    .leftJoin("account", "account.id", "member.account_id")
    .leftJoin("user_group", "user_group.id", "member.group_id")
    .select(["member.id", "account.id as accountId", calledName.as("username")])
    .select(["member.role", "member.grants", "member.denies"])
    .where("project_id", "=", projectId)
    .where(sql<boolean>`${calledName} COLLATE "C" > ${last}`)
    .orderBy(sql`${calledName} COLLATE "C"`)
    .limit(n + 1)
    .execute();
  return pageOf(rows as Member[], (member) => member.username, { n });
}

/** SQL: what a member is called, account or group. */
const calledName = sql<string>`coalesce(account.username, user_group.member_name)`;

async function projectIdOf(db: Pick<Catalog["db"], "selectFrom">, name: string): Promise<number> {
  const row = await db
    .selectFrom("project")
    .select("id")
    .where("name", "=", askable(name))
    .forKeyShare()
    .executeTakeFirst();
  if (row) return row.id;
  throw new RegistryError("NOT_FOUND", `project '${name}' does not exist`);
}
