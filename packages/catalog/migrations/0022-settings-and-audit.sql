-- What administrators set while servers run. A null value: a secret, sealed (or lost with its key).
CREATE TABLE system_setting (
  name text PRIMARY KEY,
  value jsonb,
  value_sealed bytea
);

-- Who did what, from where. Written at its end only; each record's hash has the one before in it.
CREATE TABLE audit_log (
  n bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('change', 'request', 'access', 'login', 'pull', 'audit')),
  operation text NOT NULL,
  resource_type text NOT NULL,
  resource text NOT NULL,
  project text,
  actor text NOT NULL,
  address text NOT NULL,
  user_agent text NOT NULL,
  result text NOT NULL CHECK (result IN ('success', 'denied', 'failure')),
  -- The request's id, or the cause: what belongs together.
  cause text NOT NULL,
  -- The journal's entry, of changes.
  seq bigint,
  -- JSON as it was hashed, byte by byte.
  detail text NOT NULL,
  hash bytea NOT NULL
);
CREATE INDEX audit_log_of_project ON audit_log (project, n);
CREATE INDEX audit_log_of_actor ON audit_log (actor, n);
CREATE INDEX audit_log_of_cause ON audit_log (cause);
CREATE INDEX audit_log_time ON audit_log (at);

-- One locked row: the newest record, and the journal's newest entry among the records.
CREATE TABLE audit_head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  n bigint NOT NULL,
  hash bytea NOT NULL,
  seq bigint NOT NULL
);
INSERT INTO audit_head (n, hash, seq) VALUES (0, decode(repeat('00', 32), 'hex'), 0);

-- What was signed with a key that is not in the database. An anchor: what is before it was purged.
CREATE TABLE audit_seal (
  n bigint PRIMARY KEY,
  hash bytea NOT NULL,
  at timestamptz NOT NULL,
  is_anchor boolean NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL
);

-- The last record that was sent to syslog; no row: nothing was, yet.
CREATE TABLE audit_forward (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  n bigint NOT NULL
);
