-- Where backups go, when, and how far each place has come.
CREATE TABLE backup_target (
  id serial PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  -- `file:/folder`, `s3:…`.
  address text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  cron text NOT NULL DEFAULT '',
  time_zone text NOT NULL DEFAULT 'UTC',
  -- Changes follow within seconds, between runs.
  continuous boolean NOT NULL DEFAULT false,
  options jsonb NOT NULL DEFAULT '{}',
  -- The newest backup in the target: where the next one goes on.
  tip jsonb,
  -- Who writes to it at the moment: one process at a time.
  lease_holder text,
  lease_until timestamptz,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
