import { type Actor, type Catalog, type Commit, memberChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { PAGE_SIZE, pageOf, type Page, type PageQuery } from "@entrepot/registry";
import { sql } from "kysely";
import { unknownAccount } from "./account-rows.ts";
import { askable } from "./account-rules.ts";
import { asRole, type Role } from "./roles.ts";

/** An account's role in a project. */
export interface Member {
  readonly id: number;
  readonly accountId: number;
  readonly username: string;
  readonly role: Role;
}

/** Members of projects. Every change is journalled on behalf of an actor. */
export interface Members {
  /**
   * Gives account `username` the role `role` (Harbor's id) in `project`; whatever role it had is
   * replaced. Repeating changes nothing. Throws NOT_FOUND for a missing project or account,
   * BAD_REQUEST for a role that Harbor does not know.
   */
  setMember(actor: Actor, project: string, username: string, role: number): Promise<Member>;

  /** Takes the role away. False if it had none. Throws NOT_FOUND for a missing project. */
  removeMember(actor: Actor, project: string, username: string): Promise<boolean>;

  /** Members of `project`, by username. Throws NOT_FOUND if there is no such project. */
  members(project: string, query?: PageQuery): Promise<Page<Member>>;
}

/** The members in `catalog`. */
export function openMembers(catalog: Catalog): Members {
  return {
    async setMember(actor, project, username, id) {
      const role = asRole(id);
      if (role === null) {
        throw new RegistryError("BAD_REQUEST", `there is no role ${id}; roles are 1 to 5`);
      }
      return catalog.commit(actor, (commit) => putMember(commit, project, username, role));
    },
    removeMember: (actor, project, username) =>
      catalog.commit(actor, (commit) => takeMember(commit, project, username)),
    members: (project, query) => listMembers(catalog, project, query),
  };
}

/**
 * `setMember` as a part of `commit`, for whoever makes a project and its first admin at once.
 * Throws NOT_FOUND.
 */
export async function putMember(
  { db, record }: Commit,
  project: string,
  username: string,
  role: Role,
): Promise<Member> {
  const projectId = await projectIdOf(db, project);
  const account = await db
    .selectFrom("account")
    .select("id")
    .where("username", "=", askable(username))
    .forKeyShare()
    .executeTakeFirst();
  if (!account) throw unknownAccount(username);

  const changed = await db
    .insertInto("member")
    .values({ project_id: projectId, account_id: account.id, role })
    .onConflict((conflict) =>
      conflict
        .columns(["project_id", "account_id"])
        .doUpdateSet({ role })
        .where("member.role", "!=", role),
    )
    .returning("id")
    .executeTakeFirst();
  if (changed) record(memberChange(project, username, role));

  const { id } = await db
    .selectFrom("member")
    .select("id")
    .where("project_id", "=", projectId)
    .where("account_id", "=", account.id)
    .executeTakeFirstOrThrow();
  return { id, accountId: account.id, username, role };
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
    .select(["member.id", "account.id as accountId", "account.username", "member.role"])
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
