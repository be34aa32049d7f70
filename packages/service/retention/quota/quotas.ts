import { type Actor, type Catalog, type Commit, quotaChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";

/** What `storage` is where there is no limit. Source: Harbor API v2.0. */
export const UNLIMITED = -1;

/** A project's quota. Sizes in bytes; every project has one, of the project's id. */
export interface Quota {
  readonly projectId: number;
  readonly project: string;
  readonly owner: string;
  /** -1: no limit. */
  readonly storage: number;
  readonly used: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Limits of what projects take up; held by triggers, in the commit that would pass one. */
export interface Quotas {
  /** All of them. What projects without a limit take up is counted at most every ten seconds. */
  list(): Promise<Quota[]>;
  get(projectId: number): Promise<Quota | null>;
  /**
   * Gives a project a limit, or with -1 none. One that is below what it takes up is accepted: only
   * new bytes are refused. False if there is no such project. Throws BAD_REQUEST.
   */
  set(actor: Actor, projectId: number, storage: number): Promise<boolean>;
}

const FRESH_MS = 10_000;
/** 1024 TiB, as in Harbor. */
const MOST_BYTES = 1024 * 2 ** 40;

/** The quotas of `catalog`. */
export function openQuotas(catalog: Catalog): Quotas {
  let counted: { at: number; bytes: Promise<Map<number, number>> } | undefined;
  const unlimited = () => {
    const now = performance.now();
    if (!counted || now - counted.at > FRESH_MS) {
      const one = { at: now, bytes: countUnlimited(catalog) };
      counted = one;
      one.bytes.catch(() => {
        if (counted === one) counted = undefined;
      });
    }
    return counted.bytes;
  };
  const read = async (projectId: number | null) => {
    const { rows } = await sql<Omit<Quota, "used"> & { used: number | null }>`
      SELECT p.id AS "projectId", p.name AS project, p.owner,
        coalesce(q.storage, ${UNLIMITED}) AS storage, q.used,
        p.created_at AS "createdAt", coalesce(q.updated_at, p.created_at) AS "updatedAt"
      FROM project p LEFT JOIN quota q ON q.project_id = p.id
      WHERE ${projectId}::integer IS NULL OR p.id = ${projectId}
      ORDER BY p.id
    `.execute(catalog.db);
    return rows;
  };

  return {
    async list() {
      const rows = await read(null);
      const bytes = await unlimited();
      return rows.map((row) => ({ ...row, used: row.used ?? bytes.get(row.projectId) ?? 0 }));
    },

    async get(projectId) {
      const row = (await read(projectId))[0];
      if (!row) return null;
      return { ...row, used: row.used ?? (await countProject(catalog, projectId)) };
    },

    set: (actor, projectId, storage) =>
      catalog.commit(actor, async (commit) => {
        const project = await commit.db
          .selectFrom("project")
          .select("name")
          .where("id", "=", projectId)
          .forKeyShare()
          .executeTakeFirst();
        if (!project) return false;
        await putQuota(commit, { id: projectId, name: project.name }, storage);
        return true;
      }),
  };
}

/**
 * Gives `project` a limit, as part of a commit. What is under way is waited for: from then on all
 * is counted as it comes. Throws BAD_REQUEST for a limit that cannot be.
 */
export async function putQuota(
  commit: Commit,
  project: { readonly id: number; readonly name: string },
  storage: number,
): Promise<void> {
  checkLimit(storage);
  const { id, name } = project;
  const before = await commit.db
    .selectFrom("quota")
    .select("storage")
    .where("project_id", "=", id)
    .executeTakeFirst();
  if ((before?.storage ?? UNLIMITED) === storage) return;
  await sql`SELECT pg_advisory_xact_lock(14, ${id}::integer)`.execute(commit.db);
  if (storage === UNLIMITED) {
    await commit.db.deleteFrom("quota").where("project_id", "=", id).execute();
    return commit.record(quotaChange(name, null));
  }
  await sql`
    INSERT INTO quota (project_id, storage, used)
    VALUES (${id}::integer, ${storage}::bigint, project_bytes(${id}::integer))
    ON CONFLICT (project_id) DO UPDATE
    SET storage = excluded.storage, used = excluded.used, updated_at = now()
  `.execute(commit.db);
  commit.record(quotaChange(name, storage));
}

function checkLimit(storage: number): void {
  const fits = Number.isSafeInteger(storage) && storage > 0 && storage <= MOST_BYTES;
  if (fits || storage === UNLIMITED) return;
  throw new RegistryError(
    "BAD_REQUEST",
    `a storage limit of ${storage} bytes is not accepted: give 1 to ${MOST_BYTES}, or -1 for none`,
  );
}

async function countProject({ db }: Catalog, id: number): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT project_bytes(${id}::integer) AS bytes
  `.execute(db);
  return rows[0]!.bytes;
}

async function countUnlimited({ db }: Catalog): Promise<Map<number, number>> {
  const { rows } = await sql<{ id: number; bytes: number }>`
    SELECT id, project_bytes(id) AS bytes FROM project
    WHERE NOT EXISTS (SELECT FROM quota WHERE project_id = project.id)
  `.execute(db);
  return new Map(rows.map(({ id, bytes }) => [id, bytes]));
}
