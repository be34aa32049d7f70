-- Who is signed in, personal access tokens, and attempts to log in. Of what lets anybody in, only
-- hashes are here.

-- No names, so not in the journal. `id` is what people see and revoke; the cookie has a secret.
CREATE TABLE session (
  id bigserial PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  account_id integer NOT NULL REFERENCES account ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  -- Written at most once a minute.
  seen_at timestamptz NOT NULL,
  -- However much it is used.
  expires_at timestamptz NOT NULL,
  user_agent text NOT NULL,
  address text NOT NULL
);
CREATE INDEX session_of_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- Names (`access_token` in the journal, without the hash).
CREATE TABLE access_token (
  id serial PRIMARY KEY,
  account_id integer NOT NULL REFERENCES account ON DELETE CASCADE,
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  read_only boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Null: never.
  expires_at timestamptz,
  UNIQUE (account_id, name)
);

-- Apart, since it is no part of what is backed up. Written at most once a minute.
CREATE TABLE access_token_use (
  token_id integer PRIMARY KEY REFERENCES access_token ON DELETE CASCADE,
  used_at timestamptz NOT NULL
);

-- Attempts by username and address, and by username alone; `key` is a hash of them.
CREATE TABLE login_attempt (
  key bytea PRIMARY KEY,
  count integer NOT NULL,
  last_at timestamptz NOT NULL,
  blocked_until timestamptz NOT NULL
);
CREATE INDEX login_attempt_age ON login_attempt (last_at);
