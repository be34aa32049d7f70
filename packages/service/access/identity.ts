/** What a registry token says about one resource that its holder asked for. */
export interface Grant {
  /** `repository` or `registry`. */
  readonly type: string;
  /** The repository's name, or `catalog`. */
  readonly name: string;
  /** What was asked and allowed. */
  readonly actions: readonly string[];
  /** What was asked and refused: a client must not be sent to fetch the same token again. */
  readonly refused?: readonly string[];
}

/**
 * Who makes a request. Accounts of LDAP and OIDC and sessions are `account`, however they proved
 * themselves.
 */
export interface Identity {
  readonly kind: "anonymous" | "account" | "robot";
  /** The username, `robot$…`, or `anonymous`: the journal's actor. */
  readonly name: string;
  /** The account's id: roles hang on it, never on the name, which may be given anew. */
  readonly accountId: number | null;
  /** The robot's id: its permissions hang on it. */
  readonly robotId?: number;
  /** For system-wide rights. False with a registry token, which carries none. */
  readonly sysadmin: boolean;
  /** What a registry token grants. Null (Basic, session, none): roles decide, at every request. */
  readonly grants: readonly Grant[] | null;
  /** The session's id, for whoever came by one. */
  readonly session?: number;
  /** The personal access token's id, for whoever came by one. */
  readonly accessToken?: number;
  /** Reads what it may, and changes nothing. */
  readonly readOnly?: boolean;
}

/** Nobody in particular. */
export const ANONYMOUS: Identity = {
  kind: "anonymous",
  name: "anonymous",
  accountId: null,
  sysadmin: false,
  grants: null,
};
