import { sql } from "kysely";
import type { Catalog, JournalKind } from "./ports.ts";

/** A name about which the journal and the tables say different things. */
export interface Difference {
  readonly kind: JournalKind;
  readonly key: string;
  /** The newest after-image; null if the journal says it is gone, or never heard of it. */
  readonly journal: Readonly<Record<string, unknown>> | null;
  /** The after-image that the row would have; null if there is no row. */
  readonly table: Readonly<Record<string, unknown>> | null;
}

const LIMIT = 1_000;

/** The after-images of `rows.ts`, made of the tables. */
const IMAGES = `
  SELECT 'tag' AS kind, r.name || ':' || t.name AS key,
    jsonb_build_object('repository', r.name, 'tag', t.name, 'digest', t.digest,
      'mediaType', m.media_type) AS image
  FROM tag t
    JOIN repository r ON r.id = t.repository_id
    JOIN manifest m ON m.repository_id = t.repository_id AND m.digest = t.digest
  UNION ALL
  SELECT 'manifest', r.name || '@' || m.digest,
    jsonb_build_object('repository', r.name, 'digest', m.digest, 'mediaType', m.media_type,
      'artifactType', m.artifact_type, 'subject', m.subject, 'size', m.size)
  FROM manifest m JOIN repository r ON r.id = m.repository_id
  UNION ALL
  SELECT 'repository', name, jsonb_build_object('name', name, 'description', description)
  FROM repository
  UNION ALL
  SELECT 'label', coalesce(p.name, '') || '/' || l.name,
    jsonb_build_object('project', p.name, 'name', l.name, 'description', l.description,
      'color', l.color)
  FROM label l LEFT JOIN project p ON p.id = l.project_id
  UNION ALL
  SELECT 'artifact_label', r.name || '@' || m.digest,
    jsonb_build_object('repository', r.name, 'digest', m.digest, 'labels',
      jsonb_agg(coalesce(p.name, '') || '/' || l.name
        ORDER BY (coalesce(p.name, '') || '/' || l.name) COLLATE "C"))
  FROM artifact_label a
    JOIN label l ON l.id = a.label_id
    LEFT JOIN project p ON p.id = l.project_id
    JOIN manifest m ON m.id = a.manifest_id
    JOIN repository r ON r.id = m.repository_id
  GROUP BY r.name, m.digest
  UNION ALL
  SELECT 'project', name,
    jsonb_build_object('name', name, 'owner', owner, 'metadata', metadata,
      'registryId', registry_id)
  FROM project
  UNION ALL
  SELECT 'member', p.name || '/' || coalesce(a.username, g.member_name),
    jsonb_build_object('project', p.name, 'role', m.role)
      || CASE WHEN g.id IS NULL THEN jsonb_build_object('username', a.username)
        ELSE jsonb_build_object('group', g.member_name) END
      || CASE m.grants WHEN '{}' THEN '{}' ELSE jsonb_build_object('grants', m.grants) END
      || CASE m.denies WHEN '{}' THEN '{}' ELSE jsonb_build_object('denies', m.denies) END
  FROM member m
    JOIN project p ON p.id = m.project_id
    LEFT JOIN account a ON a.id = m.account_id
    LEFT JOIN user_group g ON g.id = m.group_id
  UNION ALL
  SELECT 'user_group', member_name,
    jsonb_build_object('name', name, 'type', type, 'ldapGroupDn', ldap_group_dn)
  FROM user_group
  UNION ALL
  SELECT 'account', username,
    jsonb_build_object('username', username, 'email', email, 'realname', realname,
      'sysadmin', sysadmin)
      || CASE comment WHEN '' THEN '{}' ELSE jsonb_build_object('comment', comment) END
      || CASE rights WHEN '{}' THEN '{}' ELSE jsonb_build_object('rights', rights) END
  FROM account
  UNION ALL
  SELECT 'robot', coalesce(p.name, '') || '/' || r.name,
    jsonb_build_object('project', p.name, 'name', r.name, 'loginName', r.login_name,
      'description', r.description, 'disabled', r.disabled, 'duration', r.duration,
      'expiresAt', floor(extract(epoch FROM r.expires_at)), 'permissions', r.permissions)
  FROM robot r LEFT JOIN project p ON p.id = r.project_id
  UNION ALL
  SELECT 'access_token', a.username || '/' || t.name,
    jsonb_build_object('username', a.username, 'name', t.name, 'readOnly', t.read_only,
      'expiresAt', to_char(t.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  FROM access_token t JOIN account a ON a.id = t.account_id
  UNION ALL
  SELECT 'retention', p.name,
    jsonb_build_object('project', p.name, 'id', t.id, 'rules', t.rules, 'cron', t.cron,
      'timeZone', t.time_zone)
  FROM retention_policy t JOIN project p ON p.id = t.project_id
  UNION ALL
  SELECT 'immutable', p.name || '/' || i.id,
    jsonb_build_object('project', p.name, 'id', i.id, 'disabled', i.disabled,
      'tagDecoration', i.tag_decoration, 'tagPattern', i.tag_pattern,
      'repositoryDecoration', i.repository_decoration,
      'repositoryPattern', i.repository_pattern)
  FROM immutable_rule i JOIN project p ON p.id = i.project_id
  UNION ALL
  SELECT 'quota', p.name, jsonb_build_object('project', p.name, 'storage', q.storage)
  FROM quota q JOIN project p ON p.id = q.project_id
  UNION ALL
  SELECT 'setting', name,
    jsonb_build_object('name', name, 'value', value, 'sealed', value IS NULL)
  FROM system_setting`;

/**
 * Where the replayed journal differs from the tables (the kinds of names that have an image above),
 * by kind and key, at most 1,000. One statement sees one moment, so it may run beside any traffic;
 * it reads everything once.
 */
export async function compareWithTables(catalog: Pick<Catalog, "db">): Promise<Difference[]> {
  const found = await sql<Difference>`
    WITH journaled AS (
      SELECT DISTINCT ON (kind, key) kind, key, after AS image
      FROM journal
      WHERE kind IN ('tag', 'manifest', 'repository', 'label', 'artifact_label', 'project',
        'member', 'account', 'robot', 'user_group', 'access_token', 'retention', 'immutable',
        'quota', 'setting')
      ORDER BY kind, key, seq DESC
    ), stored AS (${sql.raw(IMAGES)})
    SELECT kind, key, journaled.image AS journal, stored.image AS table
    FROM journaled FULL JOIN stored USING (kind, key)
    WHERE journaled.image IS DISTINCT FROM stored.image
    ORDER BY kind, key
    LIMIT ${LIMIT}`.execute(catalog.db);
  return found.rows;
}
