import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";

/** How long daily samples are kept. */
const KEPT_DAYS = 400;
/** What the sample of everything is called. No project can be. */
const ALL = "";

/** What something takes up, in bytes; what several hold counts once. */
export interface Use {
  readonly bytes: number;
  /** The part of it that nothing but history names: deleted, and to be had back. */
  readonly historyBytes: number;
}

/** What a project takes up. */
export interface ProjectUse extends Use {
  readonly project: string;
  readonly repositories: number;
}

/** What a repository takes up. */
export interface RepositoryUse extends Use {
  readonly repository: string;
}

/** What there was at the end of a day, in bytes. */
export interface Sample {
  /** `2026-07-01`. */
  readonly day: string;
  readonly bytes: number;
}

/** What storage is used for. */
export interface StorageUse {
  /** Everything; its history includes what was in repositories that are gone. */
  total(): Promise<Use>;
  /** Every project, the largest first; or only the one of this id. */
  projects(only?: number): Promise<ProjectUse[]>;
  /** The repositories of a project, the largest first. */
  repositories(projectId: number): Promise<RepositoryUse[]>;
  /** A project's samples of the last `days`, oldest first; null: of everything. */
  growth(project: string | null, days: number): Promise<Sample[]>;
  /** Takes today's sample, and forgets old ones. Repeating replaces today's. */
  sample(): Promise<void>;
}

/** What takes up bytes, where, and whether a manifest that is there names it. */
const HELD = sql`
  SELECT 'blob' AS kind, b.project_id, b.repository, b.digest, b.size, EXISTS (
    SELECT FROM manifest_reference f
      JOIN manifest m ON m.id = f.manifest_id
      JOIN repository r ON r.id = m.repository_id
    WHERE f.digest = b.digest AND f.kind = 'blob' AND r.name = b.repository) AS live
  FROM repository_blob b
  UNION ALL
  SELECT 'manifest', r.project_id, r.name, m.digest, m.size::bigint, true
  FROM manifest m JOIN repository r ON r.id = m.repository_id`;

/** `held`'s digests, each once, that some past manifest names, and none that is there. */
const ONLY_PAST = sql`NOT live AND EXISTS (
  SELECT FROM past_reference p WHERE p.digest = one.digest AND p.kind = 'blob')`;

/** What the storage behind `catalog` is used for. */
export function openStorageUse({ db }: Pick<Catalog, "db">): StorageUse {
  return {
    total: () => totalUse(db),

    async projects(only) {
      const { rows } = await sql<ProjectUse>`
        WITH held AS (${HELD}), one AS (
          SELECT project_id, kind, digest, max(size) AS size, bool_or(live) AS live
          FROM held WHERE ${only ?? null}::integer IS NULL OR project_id = ${only ?? null}
          GROUP BY 1, 2, 3
        ), used AS (
          SELECT project_id, sum(size)::bigint AS bytes,
            coalesce(sum(size) FILTER (WHERE ${ONLY_PAST}), 0)::bigint AS history
          FROM one GROUP BY 1
        )
        SELECT p.name AS project, coalesce(bytes, 0)::bigint AS bytes,
          coalesce(history, 0)::bigint AS "historyBytes",
          (SELECT count(*)::integer FROM repository WHERE project_id = p.id) AS repositories
        FROM project p LEFT JOIN used ON used.project_id = p.id
        WHERE ${only ?? null}::integer IS NULL OR p.id = ${only ?? null}
        ORDER BY 2 DESC, 1
      `.execute(db);
      return rows;
    },

    async repositories(projectId) {
      const { rows } = await sql<RepositoryUse>`
        WITH one AS (SELECT * FROM (${HELD}) AS held WHERE project_id = ${projectId}::integer)
        SELECT repository, sum(size)::bigint AS bytes,
          coalesce(sum(size) FILTER (WHERE ${ONLY_PAST}), 0)::bigint AS "historyBytes"
        FROM one GROUP BY 1 ORDER BY 2 DESC, 1
      `.execute(db);
      return rows;
    },

    async growth(project, days) {
      const { rows } = await sql<Sample>`
        SELECT day::text AS day, bytes FROM storage_sample
        WHERE project = ${project ?? ALL} AND day > current_date - ${days}::integer
        ORDER BY storage_sample.day
      `.execute(db);
      return rows;
    },

    async sample() {
      const { bytes } = await totalUse(db);
      await sql`
        INSERT INTO storage_sample (project, day, bytes)
        SELECT name, current_date, project_bytes(id) FROM project
        UNION ALL SELECT ${ALL}, current_date, ${bytes}::bigint
        ON CONFLICT (project, day) DO UPDATE SET bytes = excluded.bytes
      `.execute(db);
      await sql`
        DELETE FROM storage_sample WHERE day < current_date - ${KEPT_DAYS}::integer
      `.execute(db);
    },
  };
}

/**
 * Sizes of what only past manifests name are theirs to tell: no row does where the repository is
 * gone.
 */
async function totalUse(db: Catalog["db"]): Promise<Use> {
  const { rows } = await sql<Use>`
    WITH held AS (${HELD}), one AS (
      SELECT kind, digest, max(size) AS size, bool_or(live) AS live FROM held GROUP BY 1, 2
    ), past AS (
      SELECT 'manifest' AS kind, digest, size::bigint AS size FROM past_manifest
      UNION
      SELECT 'blob', part ->> 'digest', (part ->> 'size')::bigint
      FROM past_manifest,
        LATERAL (SELECT convert_from(bytes, 'UTF8')::jsonb AS said) AS said,
        LATERAL (
          SELECT said -> 'config' AS part UNION ALL SELECT jsonb_path_query(said, '$.layers[*]')
        ) AS parts
      WHERE part ->> 'digest' IS NOT NULL
        AND coalesce(part ->> 'mediaType', '') !~ 'foreign|nondistributable'
    ), gone AS (
      SELECT kind, digest, max(size) AS size FROM past
      WHERE NOT EXISTS (
        SELECT FROM one WHERE one.kind = past.kind AND one.digest = past.digest)
      GROUP BY 1, 2
    )
    SELECT bytes + gone_bytes AS bytes, history + gone_bytes AS "historyBytes"
    FROM (SELECT coalesce(sum(size), 0)::bigint AS bytes,
        coalesce(sum(size) FILTER (WHERE ${ONLY_PAST}), 0)::bigint AS history FROM one) AS here,
      (SELECT coalesce(sum(size), 0)::bigint AS gone_bytes FROM gone) AS past_bytes
  `.execute(db);
  return rows[0]!;
}
