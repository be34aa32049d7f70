import type { Generated, GeneratedAlways } from "kysely";

/** Groups of a directory that have a meaning here. */
export interface UserGroupTable {
  id: Generated<number>;
  name: string;
  /** Harbor's: 1 LDAP, 3 OpenID Connect. */
  type: number;
  /** As it was given; empty for OpenID Connect. */
  ldap_group_dn: Generated<string>;
  /** What memberships are compared by. */
  key: string;
  /** What it is called where accounts are called by their usernames. */
  member_name: GeneratedAlways<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Which groups an account was in when it last logged in. */
export interface AccountGroupTable {
  account_id: number;
  type: number;
  key: string;
}

/** A view: every role that an account has in a project, of its own and by its groups. */
export interface StandingMemberView {
  project_id: number;
  account_id: number;
  role: number;
}

/** What an OpenID Connect provider says of accounts; see `0023-people.sql`. */
export interface OidcStandingTable {
  account_id: number;
  /** Null: the provider gave none. */
  refresh_token_sealed: Buffer | null;
  is_refused: boolean;
  /** Nobody asks before. */
  ask_at: Date;
  /** Null: the provider could be asked, the last time. */
  unknown_since: Generated<Date | null>;
}
