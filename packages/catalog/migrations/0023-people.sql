-- What OpenID Connect providers say of accounts while nobody signs in, what people say of
-- themselves, and audit records that were emptied.

-- Apart from the account, since it is no part of what is backed up: a token that two registries
-- use counts for neither.
CREATE TABLE oidc_standing (
  account_id integer PRIMARY KEY REFERENCES account ON DELETE CASCADE,
  -- Null: the provider gave none, so that it cannot be asked.
  refresh_token_sealed bytea,
  -- The provider lets the person in no more, until it vouches for it again.
  is_refused boolean NOT NULL,
  -- Nobody asks before: one node at a time asks.
  ask_at timestamptz NOT NULL,
  -- Since when the provider cannot be asked; null: it could, the last time.
  unknown_since timestamptz
);

ALTER TABLE account
  DROP COLUMN refresh_token_sealed,
  ADD COLUMN comment text NOT NULL DEFAULT '';

-- The record of the purge that has emptied this one; its hash stays, so that the chain holds.
ALTER TABLE audit_log ADD COLUMN emptied_by bigint;
