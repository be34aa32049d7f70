-- Plans of what is put back, and what deleted webhooks were.

CREATE TABLE restore_plan (
  id serial PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  -- What was asked for; see `RestoreRequest`.
  request jsonb NOT NULL,
  -- The moment that it goes back to; null where a cause is undone.
  moment bigint,
  -- The journal's newest entry when it was made.
  head bigint NOT NULL,
  -- Names by verdict, and whom the plan is for; null until it is whole. See `Summary`.
  counts jsonb,
  -- What comes back, in bytes that no repository of its project has now.
  bytes bigint NOT NULL DEFAULT 0,
  -- What speaks against all of it, such as a quota.
  objections text[] NOT NULL DEFAULT '{}',
  -- The newest run of it.
  execution_id integer,
  -- The last of its items that had its turn.
  done_phase smallint NOT NULL DEFAULT -1,
  done_rank bigint NOT NULL DEFAULT 0,
  -- Of those up to it: how many are as they shall be, and how many were left.
  done integer NOT NULL DEFAULT 0,
  left_alone integer NOT NULL DEFAULT 0
);

-- The trigger below lets items go with their plan: looking for the plan of each item that is added
-- takes as long as adding it.
CREATE TABLE restore_item (
  plan_id integer NOT NULL,
  kind text NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- The order in which it is done. A rank comes of a seq of the journal: no two are the same.
  phase smallint NOT NULL,
  rank bigint NOT NULL,
  -- create, change, remove, keep, conflict.
  verdict text NOT NULL,
  wanted jsonb,
  present jsonb,
  -- Changed again after the cause that is undone.
  changed_since boolean NOT NULL DEFAULT false,
  -- The repository beside which a copy is made.
  source text COLLATE "C",
  -- Why it is kept or in conflict; of others: why it was left, when its turn came.
  why text,
  PRIMARY KEY (plan_id, phase, rank)
);

-- Blobs that what comes back is made of: sizes in bytes, as the store had them.
CREATE TABLE restore_blob (
  plan_id integer NOT NULL,
  digest text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  PRIMARY KEY (plan_id, digest)
);

CREATE FUNCTION drop_restore_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM restore_item WHERE plan_id = OLD.id;
  DELETE FROM restore_blob WHERE plan_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER drop_restore_items AFTER DELETE ON restore_plan
  FOR EACH ROW EXECUTE FUNCTION drop_restore_items();

-- Deletions of projects that a restore has made good: what is there now is the same project as
-- before, whose past its members may read. Seqs of the journal.
CREATE TABLE project_return (
  name text COLLATE "C" NOT NULL,
  deleted bigint NOT NULL,
  PRIMARY KEY (name, deleted)
);

-- Deletions of projects with all that is in them, until they are done: what is broken off and done
-- again goes under one cause, by which all of it comes back.
CREATE TABLE project_deletion (
  project_id integer PRIMARY KEY REFERENCES project ON DELETE CASCADE,
  cause text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- What the journal does not say of a deleted webhook: an address may be as good as a password, and
-- what is sealed is bound to the id. Kept until the recovery window ends.
CREATE TABLE past_webhook (
  id integer PRIMARY KEY,
  -- As the journal calls it.
  key text NOT NULL,
  address text NOT NULL,
  auth_header_sealed bytea,
  secret_sealed bytea,
  creator text NOT NULL,
  gone_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX past_webhook_of_key ON past_webhook (key, gone_at);

CREATE FUNCTION keep_past_webhook() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_webhook (id, key, address, auth_header_sealed, secret_sealed, creator)
  VALUES (OLD.id,
    coalesce((SELECT name FROM project WHERE id = OLD.project_id), '') || '/' || OLD.name,
    OLD.address, OLD.auth_header_sealed, OLD.secret_sealed, OLD.creator)
  ON CONFLICT (id) DO UPDATE SET key = excluded.key, address = excluded.address,
    auth_header_sealed = excluded.auth_header_sealed, secret_sealed = excluded.secret_sealed,
    gone_at = now();
  RETURN OLD;
END $$;
CREATE TRIGGER keep_past_webhook BEFORE DELETE ON webhook_policy
  FOR EACH ROW EXECUTE FUNCTION keep_past_webhook();
