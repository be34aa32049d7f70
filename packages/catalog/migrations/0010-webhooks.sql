-- Who is told of what happens, and every telling.

CREATE TABLE webhook_policy (
  id serial PRIMARY KEY,
  -- Null: the system's, told of all projects.
  project_id integer REFERENCES project (id) ON DELETE CASCADE,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  event_types text[] NOT NULL,
  address text NOT NULL,
  payload_format text NOT NULL CHECK (payload_format IN ('Default', 'CloudEvents')),
  -- Sealed: what the Authorization header says, and the key that signs.
  auth_header_sealed bytea,
  secret_sealed bytea,
  skip_cert_verify boolean NOT NULL DEFAULT false,
  options jsonb NOT NULL DEFAULT '{}',
  creator text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX webhook_policy_name ON webhook_policy (coalesce(project_id, 0), name);

CREATE TABLE webhook_delivery (
  id bigserial PRIMARY KEY,
  policy_id integer NOT NULL REFERENCES webhook_policy (id) ON DELETE CASCADE,
  -- The same however often it is told.
  event_id text NOT NULL,
  event_type text NOT NULL,
  content_type text NOT NULL,
  body text NOT NULL,
  execution_id integer,
  status text NOT NULL DEFAULT 'Pending' CHECK (status IN ('Pending', 'Success', 'Error')),
  attempts integer NOT NULL DEFAULT 0,
  -- Of the last attempt.
  status_code integer,
  duration_ms integer,
  answer text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  attempted_at timestamptz,
  UNIQUE (policy_id, event_id)
);
CREATE INDEX webhook_delivery_newest ON webhook_delivery (policy_id, id);
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);

-- Which replication policies' lag a webhook has told of, and not yet that it is over.
CREATE TABLE webhook_lag (
  webhook_id integer NOT NULL REFERENCES webhook_policy (id) ON DELETE CASCADE,
  replication_id integer NOT NULL REFERENCES replication_policy (id) ON DELETE CASCADE,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (webhook_id, replication_id)
);

-- What happened before there were webhooks is nobody's to be told; from here on all is.
INSERT INTO journal_cursor (reader, seq) SELECT 'webhooks', seq FROM journal_head
ON CONFLICT DO NOTHING;
