import { type Actor, type Catalog, type Commit, memberChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { PAGE_SIZE, pageOf, type Page, type PageQuery } from "@entrepot/registry";
import { sql } from "kysely";
import { unknownAccount } from "./account-rows.ts";
import { askable } from "./account-rules.ts";
import { asRole, PROJECT_RIGHTS, READING_RIGHTS, type Role } from "./roles.ts";
import { spelledOut } from "./system-rights.ts";

/** An account's role in a project. */
export interface Member {
  readonly id: number;
  readonly accountId: number;
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
   * Gives account `username` the role `role` (Harbor's id) in `project`, and rights of its own if
   * some are given; whatever it had is replaced. Repeating changes nothing. Throws NOT_FOUND for a
   * missing project or account, BAD_REQUEST for a role that Harbor does not know or a right that
   * there is not.
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

  /** Members of `project`, by username. Throws NOT_FOUND if there is no such project. */
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
  const account = await db
    .selectFrom("account")
    .select("id")
    .where("username", "=", askable(username))
    .forKeyShare()
    .executeTakeFirst();
  if (!account) throw unknownAccount(username);

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
    .where("account_id", "=", account.id)
    .forUpdate()
    .executeTakeFirst();
  const before = there && JSON.stringify(there);
  const row =
    before === JSON.stringify({ ...there, ...set }) && there
      ? there
      : await db
          .insertInto("member")
          .values({ project_id: projectId, account_id: account.id, ...set })
          .onConflict((conflict) => conflict.columns(["project_id", "account_id"]).doUpdateSet(set))
          .returning(columns)
          .executeTakeFirstOrThrow();
  if (row !== there) record(memberChange(project, username, row));
  return { ...row, role, accountId: account.id, username };
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
    .using("account")
    .whereRef("account.id", "=", "member.account_id")
    .where("account.username", "=", askable(username))
    .where("project_id", "=", projectId)
    .returning("member.id")
    .executeTakeFirst();
  if (gone) record(memberChange(project, username, null));
  return gone !== undefined;
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
    .innerJoin("account", "account.id", "member.account_id")
    .select(["member.id", "account.id as accountId", "account.username"])
    .select(["member.role", "member.grants", "member.denies"])
    .where("project_id", "=", projectId)
    .where(sql<boolean>`account.username COLLATE "C" > ${last}`)
    .orderBy(sql`account.username COLLATE "C"`)
    .limit(n + 1)
    .execute();
  return pageOf(rows as Member[], (member) => member.username, { n });
}

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
