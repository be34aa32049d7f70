import { batched, type Catalog } from "@entrepot/catalog";
import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Identity } from "./identity.ts";
import { asRole, type Standing } from "./roles.ts";

/** What callers may do, as the catalog has it at this moment: nothing is remembered. */
export interface Rights {
  /** How account `accountId` (null: anonymous) stands in `project`. */
  standing(accountId: number | null, project: string): Promise<Standing>;
}

interface Question {
  readonly accountId: number | null;
  readonly project: string;
}

const MOST_QUESTIONS = 200;
const PROJECT_NAME = /^[a-z0-9][a-z0-9._-]{0,254}$/;
const NOWHERE: Standing = { exists: false, public: false, role: null, sysadmin: false };

/** The rights in `catalog`. Questions of one turn of the event loop are one query. */
export function openRights(catalog: Catalog): Rights {
  const ask = batched((questions: Question[]) => findStandings(catalog, questions), {
    max: MOST_QUESTIONS,
    maxInFlight: 1,
  });
  return {
    async standing(accountId, project) {
      return PROJECT_NAME.test(project) ? ask({ accountId, project }) : NOWHERE;
    },
  };
}

interface StandingRow {
  id: number | null;
  public: boolean;
  role: number | null;
  sysadmin: boolean;
}

async function findStandings(catalog: Catalog, questions: Question[]): Promise<Standing[]> {
  const accounts = questions.map((question) => question.accountId);
  const projects = questions.map((question) => question.project);
  const { rows } = await sql<StandingRow>`
    SELECT p.id, coalesce(p.metadata->>'public' = 'true', false) AS public, m.role,
      coalesce(a.sysadmin, false) AS sysadmin
    FROM unnest(${accounts}::int[], ${projects}::text[]) WITH ORDINALITY AS q (account, name, i)
    LEFT JOIN project p ON p.name = q.name
    LEFT JOIN account a ON a.id = q.account
    LEFT JOIN member m ON m.project_id = p.id AND m.account_id = a.id
    ORDER BY q.i
  `.execute(catalog.db);
  return rows.map((row) => ({
    exists: row.id !== null,
    public: row.public,
    role: row.role === null ? null : asRole(row.role),
    sysadmin: row.sysadmin,
  }));
}

/**
 * A condition on `project` for lists: `selectFrom("project").where(visibleProjects(identity))`.
 * True for projects whose repositories the caller may list and pull: public ones, those it is a
 * member of, and all for a system administrator. A registry token sees its holder's projects only
 * if it was granted `registry:catalog:*`.
 */
export function visibleProjects(identity: Identity): RawBuilder<SqlBool> {
  const accountId = mayListCatalog(identity) ? identity.accountId : null;
  return sql<SqlBool>`(
    project.metadata->>'public' = 'true'
    OR EXISTS (SELECT FROM member
      WHERE member.project_id = project.id AND member.account_id = ${accountId}::int)
    OR EXISTS (SELECT FROM account WHERE account.id = ${accountId}::int AND account.sysadmin)
  )`;
}

/** Whether the caller may list repositories at all; which ones, `visibleProjects` decides. */
export function mayListCatalog(identity: Identity): boolean {
  if (identity.grants === null) return identity.kind !== "anonymous";
  return identity.grants.some(
    (grant) => grant.type === "registry" && grant.name === "catalog" && grant.actions.includes("*"),
  );
}
