-- Names and the journal. Every change of a name appends to `journal` in its own transaction.

CREATE TABLE setting (
  key text PRIMARY KEY,
  value jsonb NOT NULL
);

-- One locked row gives out `seq`, as a transaction's last statement: gap-free, in commit order.
CREATE TABLE journal_head (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  timeline integer NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL
);
INSERT INTO journal_head (timeline, seq, at) VALUES (1, 0, 'epoch');

CREATE TABLE journal (
  seq bigint PRIMARY KEY,
  timeline integer NOT NULL,
  at timestamptz NOT NULL,
  origin text NOT NULL,
  origin_seq bigint NOT NULL,
  path text[] NOT NULL,
  actor text NOT NULL,
  cause text NOT NULL,
  kind text NOT NULL,
  key text NOT NULL,
  after jsonb
);
CREATE INDEX journal_of_key ON journal (kind, key, seq);
CREATE INDEX journal_of_cause ON journal (cause);

CREATE TABLE journal_cursor (
  reader text PRIMARY KEY,
  seq bigint NOT NULL
);

CREATE TABLE account (
  id serial PRIMARY KEY,
  username text NOT NULL UNIQUE,
  email text NOT NULL DEFAULT '',
  realname text NOT NULL DEFAULT '',
  sysadmin boolean NOT NULL DEFAULT false,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE project (
  id serial PRIMARY KEY,
  name text NOT NULL COLLATE "C" UNIQUE,
  owner text NOT NULL DEFAULT 'admin',
  metadata jsonb NOT NULL DEFAULT '{"public":"false"}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- role: Harbor's ids. 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest.
CREATE TABLE member (
  id serial PRIMARY KEY,
  project_id integer NOT NULL REFERENCES project ON DELETE CASCADE,
  account_id integer NOT NULL REFERENCES account ON DELETE CASCADE,
  role smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
  UNIQUE (project_id, account_id)
);

CREATE TABLE repository (
  id serial PRIMARY KEY,
  project_id integer NOT NULL REFERENCES project,
  name text NOT NULL COLLATE "C" UNIQUE,
  description text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX repository_of_project ON repository (project_id, name);

-- Which blobs a repository may serve. No journal entry: a blob is not a name, and the repository
-- need not exist yet (a push cut off after its blobs leaves no empty repository behind).
CREATE TABLE repository_blob (
  repository text NOT NULL COLLATE "C",
  digest text NOT NULL COLLATE "C",
  size bigint NOT NULL,
  project_id integer NOT NULL REFERENCES project ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (repository, digest)
);
CREATE INDEX repository_blob_of_digest ON repository_blob (digest);
CREATE INDEX repository_blob_of_project ON repository_blob (project_id);

-- `bytes` exactly as pushed: the digest is theirs.
CREATE TABLE manifest (
  id bigserial PRIMARY KEY,
  repository_id integer NOT NULL REFERENCES repository ON DELETE CASCADE,
  digest text NOT NULL COLLATE "C",
  media_type text NOT NULL,
  size integer NOT NULL,
  artifact_type text,
  subject text COLLATE "C",
  annotations jsonb,
  bytes bytea NOT NULL,
  pushed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (repository_id, digest)
);
CREATE INDEX manifest_of_subject ON manifest (repository_id, subject, digest)
  WHERE subject IS NOT NULL;

-- What a manifest points at: its config and layers, or an index's manifests.
CREATE TABLE manifest_reference (
  manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
  digest text NOT NULL COLLATE "C",
  kind text NOT NULL CHECK (kind IN ('blob', 'manifest')),
  position integer NOT NULL,
  PRIMARY KEY (manifest_id, position)
);
CREATE INDEX manifest_reference_of_digest ON manifest_reference (digest);

CREATE TABLE tag (
  id bigserial PRIMARY KEY,
  repository_id integer NOT NULL REFERENCES repository ON DELETE CASCADE,
  name text NOT NULL COLLATE "C",
  digest text NOT NULL COLLATE "C",
  pushed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (repository_id, name),
  FOREIGN KEY (repository_id, digest) REFERENCES manifest (repository_id, digest)
);
CREATE INDEX tag_of_digest ON tag (repository_id, digest);
