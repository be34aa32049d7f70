-- Retention rules, immutable tags and quotas. What must hold at every commit is held by triggers,
-- so that no way of pushing, replicating, deleting or putting back can pass it by.

CREATE TABLE retention_policy (
  id serial PRIMARY KEY,
  project_id integer NOT NULL UNIQUE REFERENCES project ON DELETE CASCADE,
  rules jsonb NOT NULL,
  -- Six fields; null: run by hand only.
  cron text,
  time_zone text NOT NULL DEFAULT 'UTC',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- What a run does in one repository: decided once, then carried out.
CREATE TABLE retention_plan (
  execution_id integer NOT NULL REFERENCES execution ON DELETE CASCADE,
  repository text NOT NULL COLLATE "C",
  total integer NOT NULL,
  retained integer NOT NULL,
  -- One per artifact, newest first; see `Verdict`.
  items jsonb NOT NULL,
  PRIMARY KEY (execution_id, repository)
);

CREATE TABLE immutable_rule (
  id serial PRIMARY KEY,
  project_id integer NOT NULL REFERENCES project ON DELETE CASCADE,
  disabled boolean NOT NULL DEFAULT false,
  tag_decoration text NOT NULL CHECK (tag_decoration IN ('matches', 'excludes')),
  tag_pattern text NOT NULL,
  repository_decoration text NOT NULL
    CHECK (repository_decoration IN ('repoMatches', 'repoExcludes')),
  repository_pattern text NOT NULL,
  -- The patterns as regular expressions.
  tag_regex text NOT NULL,
  repository_regex text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, tag_decoration, tag_pattern, repository_decoration, repository_pattern)
);

-- The enabled rule by which a tag of project $1, repository $2 (its full name) is immutable.
CREATE FUNCTION immutable_rule_of(integer, text, text) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT id FROM immutable_rule
  WHERE project_id = $1 AND NOT disabled
    AND (substr($2, strpos($2, '/') + 1) ~ repository_regex)
      = (repository_decoration = 'repoMatches')
    AND ($3 ~ tag_regex) = (tag_decoration = 'matches')
  ORDER BY id LIMIT 1
$$;

-- Rules change under the exclusive lock (15, project): whoever moves a tag meanwhile waits, and
-- sees them then.
CREATE FUNCTION keep_immutable_tag() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  place record;
  rule integer;
BEGIN
  SELECT project_id, name INTO place FROM repository WHERE id = OLD.repository_id;
  IF FOUND THEN
    PERFORM pg_advisory_xact_lock_shared(15, place.project_id);
    SELECT immutable_rule_of(place.project_id, place.name, OLD.name) INTO rule;
    IF rule IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'ENIMM',
        MESSAGE = format('tag ''%s:%s'' matches immutable rule %s of its project and can be '
          || 'neither moved nor deleted; use another tag, or have the rule disabled',
          place.name, OLD.name, rule),
        DETAIL = jsonb_build_object('immutableRule', rule, 'tag', OLD.name)::text;
    END IF;
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_immutable_tag_moved BEFORE UPDATE ON tag
  FOR EACH ROW WHEN (OLD.digest IS DISTINCT FROM NEW.digest OR OLD.name IS DISTINCT FROM NEW.name)
  EXECUTE FUNCTION keep_immutable_tag();
CREATE TRIGGER keep_immutable_tag_deleted BEFORE DELETE ON tag
  FOR EACH ROW EXECUTE FUNCTION keep_immutable_tag();

-- A project without a row has no limit.
CREATE TABLE quota (
  project_id integer PRIMARY KEY REFERENCES project ON DELETE CASCADE,
  -- Bytes.
  storage bigint NOT NULL CHECK (storage > 0),
  -- Always what project_bytes would count.
  used bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Bytes that project $1 takes up: of each blob and each manifest once, however many of its
-- repositories hold it.
CREATE FUNCTION project_bytes(integer) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(size), 0)::bigint FROM (
    SELECT DISTINCT 'blob', digest, size FROM repository_blob WHERE project_id = $1
    UNION ALL
    SELECT DISTINCT 'manifest', m.digest, m.size::bigint
    FROM manifest m JOIN repository r ON r.id = m.repository_id WHERE r.project_id = $1
  ) AS held
$$;

-- Locks the quota of project $1; false if it has none. One is given under the exclusive lock
-- (14, project), so that nothing is under way that nobody counts. What follows sees everything
-- committed before.
CREATE FUNCTION lock_quota(integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(14, $1);
  PERFORM FROM quota WHERE project_id = $1 FOR NO KEY UPDATE;
  RETURN FOUND;
END $$;

-- Adds $2 bytes to what project $1 uses. More than the limit is refused.
CREATE FUNCTION charge_quota(integer, bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  now_at record;
  project_name text;
BEGIN
  IF $2 = 0 THEN RETURN; END IF;
  UPDATE quota SET used = used + $2 WHERE project_id = $1 RETURNING storage, used INTO now_at;
  IF $2 > 0 AND now_at.used > now_at.storage THEN
    SELECT name INTO project_name FROM project WHERE id = $1;
    RAISE EXCEPTION USING ERRCODE = 'ENQUO',
      MESSAGE = format('the quota of project ''%s'' is exceeded: %s of %s bytes are used, and %s '
        || 'more are needed; have the quota raised, or delete what is not needed and wait: it counts '
        || 'for as long as history holds it',
        project_name, now_at.used - $2, now_at.storage, $2),
      DETAIL = jsonb_build_object('project', project_name, 'used', now_at.used - $2,
        'limit', now_at.storage, 'needed', $2)::text;
  END IF;
END $$;

CREATE FUNCTION count_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of integer;
  bytes bigint;
BEGIN
  FOR of IN SELECT DISTINCT project_id FROM changed ORDER BY 1 LOOP
    CONTINUE WHEN NOT lock_quota(of);
    SELECT coalesce(sum(size), 0) INTO bytes
    FROM (SELECT DISTINCT digest, size FROM changed WHERE project_id = of) AS one
    WHERE NOT EXISTS (SELECT FROM repository_blob other
      WHERE other.digest = one.digest AND other.project_id = of
        AND NOT EXISTS (SELECT FROM changed
          WHERE changed.repository = other.repository AND changed.digest = other.digest));
    PERFORM charge_quota(of, CASE TG_OP WHEN 'DELETE' THEN -bytes ELSE bytes END);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER count_added_blobs AFTER INSERT ON repository_blob
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_blobs();
CREATE TRIGGER count_deleted_blobs AFTER DELETE ON repository_blob
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_blobs();

CREATE FUNCTION count_manifests() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of integer;
  bytes bigint;
BEGIN
  FOR of IN SELECT DISTINCT project_id FROM changed JOIN repository r ON r.id = repository_id
    ORDER BY 1
  LOOP
    CONTINUE WHEN NOT lock_quota(of);
    SELECT coalesce(sum(size), 0) INTO bytes
    FROM (SELECT DISTINCT digest, size FROM changed JOIN repository r ON r.id = repository_id
      WHERE project_id = of) AS one
    WHERE NOT EXISTS (SELECT FROM manifest other JOIN repository r ON r.id = other.repository_id
      WHERE other.digest = one.digest AND r.project_id = of
        AND NOT EXISTS (SELECT FROM changed WHERE changed.id = other.id));
    PERFORM charge_quota(of, CASE TG_OP WHEN 'DELETE' THEN -bytes ELSE bytes END);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER count_added_manifests AFTER INSERT ON manifest
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_manifests();
CREATE TRIGGER count_deleted_manifests AFTER DELETE ON manifest
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_manifests();

-- What projects took up, day by day. By name: growth outlives a project that is deleted.
CREATE TABLE storage_sample (
  project text NOT NULL COLLATE "C",
  day date NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (project, day)
);
