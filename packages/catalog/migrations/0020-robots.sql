-- Robot accounts, and rights of one's own: beside a role in a project, and in the whole registry.

-- Project robots go with their project.
CREATE TABLE robot (
  id serial PRIMARY KEY,
  name text NOT NULL COLLATE "C",
  -- With its prefix, and its project's name: what it logs in with.
  login_name text NOT NULL COLLATE "C" UNIQUE,
  -- Null: of the system.
  project_id integer REFERENCES project ON DELETE CASCADE,
  description text NOT NULL DEFAULT '',
  disabled boolean NOT NULL DEFAULT false,
  -- Days; null: for ever.
  duration integer CHECK (duration > 0),
  expires_at timestamptz,
  -- What it may do; see `RobotPermission`.
  permissions jsonb NOT NULL,
  -- Keyed hashes. Null: it has no secret, and gets one when it is refreshed.
  secret_hash bytea,
  -- The one before, where a refresh lets it be used for a while.
  old_secret_hash bytea,
  old_secret_until timestamptz,
  creator text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((duration IS NULL) = (expires_at IS NULL))
);
CREATE UNIQUE INDEX robot_name ON robot (coalesce(project_id, 0), name);

-- The journal has no hashes: what was deleted has its secret again when it is put back. Kept until
-- the recovery window ends.
CREATE TABLE past_robot (
  id integer PRIMARY KEY,
  -- As the journal calls it.
  key text NOT NULL,
  secret_hash bytea,
  gone_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX past_robot_of_key ON past_robot (key, gone_at);

CREATE FUNCTION keep_past_robot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_robot (id, key, secret_hash)
  VALUES (OLD.id,
    coalesce((SELECT name FROM project WHERE id = OLD.project_id), '') || '/' || OLD.name,
    OLD.secret_hash)
  ON CONFLICT (id) DO UPDATE SET key = excluded.key, secret_hash = excluded.secret_hash,
    gone_at = now();
  RETURN OLD;
END $$;
CREATE TRIGGER keep_past_robot BEFORE DELETE ON robot
  FOR EACH ROW EXECUTE FUNCTION keep_past_robot();

-- `resource:action`: what a member may do beside what its role says, and what it may not.
ALTER TABLE member
  ADD COLUMN grants text[] NOT NULL DEFAULT '{}',
  ADD COLUMN denies text[] NOT NULL DEFAULT '{}';

-- Rights in the whole registry, `resource:action`.
ALTER TABLE account ADD COLUMN rights text[] NOT NULL DEFAULT '{}';
