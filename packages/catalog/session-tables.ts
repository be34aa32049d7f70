import type { Generated } from "kysely";

/** Who is signed in; see `0019-sessions.sql`. */
export interface SessionTable {
  id: Generated<number>;
  /** SHA-256 of the cookie's secret. */
  hash: Buffer;
  account_id: number;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
  user_agent: string;
  address: string;
}

/** Personal access tokens. */
export interface AccessTokenTable {
  id: Generated<number>;
  account_id: number;
  name: string;
  /** SHA-256 of the secret. */
  hash: Buffer;
  read_only: boolean;
  created_at: Generated<Date>;
  /** Null: never. */
  expires_at: Date | null;
}

/** When a personal access token was last used, to the minute. */
export interface AccessTokenUseTable {
  token_id: number;
  used_at: Date;
}

/** Attempts to log in that have not succeeded, by a hash of who and from where. */
export interface LoginAttemptTable {
  key: Buffer;
  count: number;
  last_at: Date;
  blocked_until: Date;
}
