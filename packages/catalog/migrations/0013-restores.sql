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
  -- Names by verdict; null until the plan is whole.
  counts jsonb,
  -- What comes back, in bytes that no repository of its project has now.
  bytes bigint NOT NULL DEFAULT 0,
  -- What speaks against all of it, such as a quota.
  objections text[] NOT NULL DEFAULT '{}',
  -- The newest run of it.
  execution_id integer
);

CREATE TABLE restore_item (
  plan_id integer NOT NULL REFERENCES restore_plan ON DELETE CASCADE,
  kind text NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- The order in which it is done.
  phase smallint NOT NULL,
  rank bigint NOT NULL,
  -- create, change, remove, keep, conflict; null until it is decided.
  verdict text,
  wanted jsonb,
  present jsonb,
  -- Changed again after the cause that is undone.
  changed_since boolean NOT NULL DEFAULT false,
  -- The repository beside which a copy is made.
  source text COLLATE "C",
  why text,
  -- done or left; null until it was its turn.
  outcome text,
  PRIMARY KEY (plan_id, kind, key)
-- Each row is changed twice, in no indexed column: that is cheap where there is room beside it.
) WITH (fillfactor = 50);
CREATE INDEX restore_item_in_order ON restore_item (plan_id, phase, rank, key);

-- Blobs that what comes back is made of: sizes in bytes, as the store had them.
CREATE TABLE restore_blob (
  plan_id integer NOT NULL REFERENCES restore_plan ON DELETE CASCADE,
  digest text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  PRIMARY KEY (plan_id, digest)
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
