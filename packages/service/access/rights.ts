import { batched, type Catalog, list } from "@entrepot/catalog";
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { inUse, type RobotPermission, robotRights, robotIn } from "./robot-rights.ts";
import { asRole, LADDER, NO_STANDING, type Standing } from "./roles.ts";

/** What callers may do, as the catalog has it at this moment: nothing is remembered. */
export interface Rights {
  /** How `holder` stands in `project`. */
  standing(holder: Holder, project: string): Promise<Standing>;

  /** How `holder` stands where no project is meant: what counts is `sysadmin` and `system`. */
  systemStanding(holder: Holder): Promise<Standing>;
}

/** Whose rights are asked about. */
export type Holder = Pick<Identity, "accountId" | "robotId" | "readOnly">;

interface Question {
  readonly holder: Holder;
  readonly project: string;
}

const MOST_QUESTIONS = 200;
const PROJECT_NAME = /^[a-z0-9][a-z0-9._-]{0,254}$/;

/** The rights in `catalog`. Questions of one turn of the event loop are one query. */
export function openRights(catalog: Catalog): Rights {
  const ask = batched((questions: Question[]) => findStandings(catalog, questions), {
    max: MOST_QUESTIONS,
    maxInFlight: 1,
    nameOf: ({ holder, project }) => `${holder.accountId}/${holder.robotId}/${project}`,
  });
  return {
    async standing(holder, project) {
      if (!PROJECT_NAME.test(project)) return NO_STANDING;
      return limited(holder, await ask({ holder, project }));
    },
    async systemStanding(holder) {
      return limited(holder, await ask({ holder, project: "" }));
    },
  };
}

const limited = ({ readOnly }: Holder, standing: Standing): Standing =>
  readOnly ? { ...standing, readOnly: true } : standing;

interface StandingRow {
  id: number | null;
  public: boolean;
  role: number | null;
  grants: string[];
  denies: string[];
  sysadmin: boolean;
  system: string[];
  permissions: RobotPermission[] | null;
}

async function findStandings(catalog: Catalog, questions: Question[]): Promise<Standing[]> {
  const accounts = questions.map(({ holder }) => holder.accountId);
  const robots = questions.map(({ holder }) => holder.robotId ?? null);
  const projects = questions.map(({ project }) => project);
  const { rows } = await sql<StandingRow>`
    SELECT p.id, coalesce(p.metadata->>'public' = 'true', false) AS public, m.role,
      ${ownRights("grants")} AS grants, ${ownRights("denies")} AS denies,
      coalesce(a.sysadmin OR a.admin_by_group, false) AS sysadmin,
      coalesce(a.rights, '{}') AS system, r.permissions
    FROM unnest(${list("integer", accounts)}, ${list("integer", robots)}, ${list("text", projects)})
      WITH ORDINALITY AS q (account, robot, name, i)
    LEFT JOIN project p ON p.name = q.name
    LEFT JOIN account a ON a.id = q.account
    LEFT JOIN LATERAL (${highestRole(sql`p.id`, sql`a.id`)}) m ON true
    LEFT JOIN robot r ON r.id = q.robot AND ${inUse(sql`r`)}
    ORDER BY q.i
  `.execute(catalog.db);
  return rows.map((row, n) => standingOf(row, projects[n]!));
}

/** SQL: an account's rights beside its roles, of its own and by its groups. */
function ownRights(column: "grants" | "denies"): RawBuilder<string[]> {
  return sql`ARRAY(SELECT DISTINCT own FROM standing_member s, unnest(s.${sql.ref(column)}) AS own
    WHERE s.project_id = p.id AND s.account_id = a.id)`;
}

function standingOf(row: StandingRow, project: string): Standing {
  const { grants, denies, system } = row.permissions
    ? robotRights(row.permissions, project)
    : { grants: row.grants, denies: row.denies, system: row.system };
  return {
    exists: row.id !== null,
    public: row.public,
    role: row.role === null ? null : asRole(row.role),
    grants,
    denies,
    sysadmin: row.sysadmin,
    system,
  };
}

/**
 * A condition on `project` for lists: `selectFrom("project").where(visibleProjects(identity))`.
 * True for projects whose repositories the caller may list and pull: public ones, those it is a
 * member of, and all for a system administrator. A registry token sees its holder's projects only
 * if it was granted `registry:catalog:*`.
 */
export function visibleProjects(identity: Identity): RawBuilder<SqlBool> {
  const { accountId, robotId } = mayListCatalog(identity)
    ? identity
    : { accountId: null, robotId: undefined };
  return sql<SqlBool>`(
    project.metadata->>'public' = 'true'
    OR EXISTS (SELECT FROM standing_member m
      WHERE m.project_id = project.id AND m.account_id = ${accountId}::int)
    OR EXISTS (SELECT FROM account WHERE account.id = ${accountId}::int
      AND (account.sysadmin OR account.admin_by_group))
    OR ${robotIn(robotId, ["project", "repository"])}
  )`;
}

/**
 * A condition on `project` for lists of projects alone: those of `visibleProjects`, and all for
 * whoever has `project:list` in the whole registry, as a robot that replicates in Harbor has.
 */
export function listedProjects(identity: Identity): RawBuilder<SqlBool> {
  const { accountId, robotId = null } = mayListCatalog(identity) ? identity : ANONYMOUS;
  const named = JSON.stringify([
    { kind: "system", access: [{ resource: "project", action: "list", effect: "allow" }] },
  ]);
  return sql<SqlBool>`(${visibleProjects(identity)}
    OR EXISTS (SELECT FROM account
      WHERE account.id = ${accountId}::int AND 'project:list' = ANY(account.rights))
    OR EXISTS (SELECT FROM robot WHERE robot.id = ${robotId}::int AND ${inUse(sql`robot`)}
      AND robot.permissions @> ${named}::jsonb))`;
}

/**
 * A condition on `project`: true where `holder` may do something that not everybody may, by a role,
 * by rights of its own or as a robot.
 */
export function ownProjects(holder: Holder): RawBuilder<SqlBool> {
  return sql<SqlBool>`(
    EXISTS (SELECT FROM standing_member m
      WHERE m.project_id = project.id AND m.account_id = ${holder.accountId}::int)
    OR ${robotIn(holder.robotId)}
  )`;
}

/** SQL: roles as an array, highest first. */
const FROM_MOST = `{${LADDER.toReversed().join()}}`;

/** SQL: the highest `role` of an account in a project, of its own or by its groups; or no row. */
export function highestRole(
  project: RawBuilder<unknown>,
  account: RawBuilder<unknown>,
): RawBuilder<{ role: number }> {
  return sql`
    SELECT role FROM standing_member
    WHERE project_id = ${project} AND account_id = ${account}
    ORDER BY array_position(${sql.lit(FROM_MOST)}::smallint[], role) LIMIT 1`;
}

/** Whether the caller may list repositories at all; which ones, `visibleProjects` decides. */
export function mayListCatalog(identity: Identity): boolean {
  if (identity.grants === null) return identity.kind !== "anonymous";
  return identity.grants.some(
    (grant) => grant.type === "registry" && grant.name === "catalog" && grant.actions.includes("*"),
  );
}
