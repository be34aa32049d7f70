-- Endpoints, policies, and per policy and name what is wanted there and what has arrived.

CREATE TABLE registry_endpoint (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  type text NOT NULL,
  url text NOT NULL,
  credential_type text NOT NULL DEFAULT 'basic',
  access_key text NOT NULL DEFAULT '',
  access_secret_sealed bytea,
  insecure boolean NOT NULL DEFAULT false,
  ca_certificate text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'unhealthy' CHECK (status IN ('healthy', 'unhealthy')),
  status_text text NOT NULL DEFAULT '',
  -- The other Entrepot's id, where it is one: a change is not sent to a registry on its path.
  peer_id text,
  checked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE replication_policy (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  -- Exactly one of the two: destination (push) or source (pull).
  dest_endpoint_id integer REFERENCES registry_endpoint,
  src_endpoint_id integer REFERENCES registry_endpoint,
  dest_namespace text NOT NULL DEFAULT '',
  dest_namespace_replace_count smallint NOT NULL DEFAULT -1,
  filters jsonb NOT NULL DEFAULT '[]',
  trigger_type text NOT NULL DEFAULT 'manual'
    CHECK (trigger_type IN ('manual', 'scheduled', 'event_based')),
  cron text NOT NULL DEFAULT '',
  deletion boolean NOT NULL DEFAULT false,
  override boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((dest_endpoint_id IS NULL) <> (src_endpoint_id IS NULL))
);

-- One row per policy and name at the source: `reference` is a tag, or a digest for content that
-- travels by digest. `wanted` null: it shall be gone at the target.
CREATE TABLE replica (
  policy_id integer NOT NULL REFERENCES replication_policy ON DELETE CASCADE,
  repository text NOT NULL COLLATE "C",
  reference text NOT NULL COLLATE "C",
  target text NOT NULL,
  wanted text,
  arrived text,
  -- The digest last put under way: after a crash it may be there, though not known to have arrived.
  sent text,
  wanted_since timestamptz NOT NULL,
  arrived_at timestamptz,
  origin jsonb NOT NULL DEFAULT '{}',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt timestamptz,
  last_error text,
  PRIMARY KEY (policy_id, repository, reference)
);
CREATE INDEX replica_behind ON replica (policy_id, next_attempt)
  WHERE wanted IS DISTINCT FROM arrived;
