-- Accounts of directories, and user groups. Who is in which group, the directory tells at logins.

-- `external_id` is what the source calls an account, and never gives to another one: an LDAP
-- entry's UUID, or issuer and subject of OpenID Connect. Only local accounts have a password here.
ALTER TABLE account
  ADD COLUMN source text NOT NULL DEFAULT 'local' CHECK (source IN ('local', 'ldap', 'oidc')),
  ADD COLUMN external_id text,
  ADD COLUMN admin_by_group boolean NOT NULL DEFAULT false,
  ADD COLUMN cli_secret_sealed bytea,
  ADD COLUMN refresh_token_sealed bytea,
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD CONSTRAINT account_known_by CHECK ((source = 'local') = (external_id IS NULL));
CREATE UNIQUE INDEX account_of_source ON account (source, external_id);

-- type: Harbor's, 1 LDAP, 3 OpenID Connect. `key` is what memberships are compared by: a
-- distinguished name in one way of writing, or the name in a token's claim.
CREATE TABLE user_group (
  id serial PRIMARY KEY,
  name text NOT NULL,
  type smallint NOT NULL CHECK (type IN (1, 3)),
  ldap_group_dn text NOT NULL DEFAULT '',
  key text NOT NULL COLLATE "C",
  -- What it is called where accounts are called by their usernames, which have no colon.
  member_name text NOT NULL COLLATE "C"
    GENERATED ALWAYS AS (CASE type WHEN 1 THEN 'ldap-group:' ELSE 'oidc-group:' END || name) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (member_name),
  UNIQUE (type, key)
);

-- What the directory said at the last login, also of groups that nobody has named here yet.
CREATE TABLE account_group (
  account_id integer NOT NULL REFERENCES account ON DELETE CASCADE,
  type smallint NOT NULL,
  key text NOT NULL COLLATE "C",
  PRIMARY KEY (account_id, type, key)
);

ALTER TABLE member
  ALTER COLUMN account_id DROP NOT NULL,
  ADD COLUMN group_id integer REFERENCES user_group ON DELETE CASCADE,
  ADD CONSTRAINT member_is_one CHECK (num_nonnulls(account_id, group_id) = 1),
  ADD CONSTRAINT member_project_id_group_id_key UNIQUE (project_id, group_id);

-- Every role that an account has in a project, of its own and by its groups.
CREATE VIEW standing_member AS
  SELECT project_id, account_id, role, grants, denies FROM member WHERE account_id IS NOT NULL
  UNION ALL
  SELECT member.project_id, account_group.account_id, member.role, member.grants,
    member.denies
  FROM member
    JOIN user_group ON user_group.id = member.group_id
    JOIN account_group USING (type, key);
