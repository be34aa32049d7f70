import { type Catalog, INITIAL_SETTINGS, type Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import { TOKEN_MINUTES } from "./access-settings.ts";
import { type AccessTokens, openAccessTokens, withAccessTokens } from "./access-tokens.ts";
import { type AccountRights, openAccountRights } from "./account-rights.ts";
import { type Accounts, openAccounts } from "./accounts.ts";
import { pastRight, type PastRight } from "./as-of.ts";
import { challenge } from "./challenge.ts";
import { credentialsOf } from "./credentials.ts";
import {
  type Directories,
  type DirectoryNetwork,
  openDirectories,
} from "./directory/directories.ts";
import { withPresence } from "./directory/presence.ts";
import { openUserGroups, type UserGroups } from "./directory/user-groups.ts";
import { guardRegistry } from "./guard.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { openJudgements } from "./judgements.ts";
import { type Logins, openLogins } from "./logins.ts";
import { type Members, openMembers } from "./members.ts";
import { openRights } from "./rights.ts";
import { withRobots } from "./robot-logins.ts";
import { openRobots, type Robots } from "./robots.ts";
import type { Action, Resource, Standing } from "./roles.ts";
import type { SecretBox } from "./secret-box.ts";
import type { SystemRight } from "./system-rights.ts";
import { openSessions, type Sessions } from "./sessions.ts";
import { openThrottle } from "./throttle.ts";
import { loadTokenKey } from "./token-key.ts";
import { type OnLogin, toldLogins, toldSessions, toldTokens } from "./told-logins.ts";
import { openTokenService, type TokenService } from "./token-service.ts";
import { openTokens } from "./tokens.ts";

/** Who may do what: accounts, members, logins, registry tokens, and the guard that applies them. */
export interface Access extends Accounts, Members, Logins, Sessions, AccessTokens, AccountRights {
  /**
   * Who makes `request`, by its Authorization: Basic, with a password or a personal access token,
   * a registry token (Bearer), or anonymous without one. Throws UNAUTHORIZED for what is wrong,
   * TOOMANYREQUESTS (`detail.retryAfterSeconds`). `clientAddress` is where it comes from; failed
   * logins are slowed down by it.
   */
  authenticate(request: Request, clientAddress: string): Promise<Identity>;

  /**
   * Whether `identity` may do `action` on `resource` in `project` now, over the management API;
   * false where the project does not exist, and always with a registry token, which is for the
   * registry alone (`guard`).
   */
  may<R extends Resource>(
    identity: Identity,
    project: string,
    resource: R,
    action: Action<R>,
  ): Promise<boolean>;

  /**
   * The projects, by id, in which `identity` may do `action` on `resource` by a role, a right of
   * its own or as a robot: not those that it may because anybody may, or as a system administrator.
   */
  projectsWith<R extends Resource>(
    identity: Identity,
    resource: R,
    action: Action<R>,
  ): Promise<ReadonlyMap<number, string>>;

  /**
   * Throws FORBIDDEN unless `identity` may itself do in `project` all that `given` is to allow, or
   * allows now: nobody gives more than they have, nor changes who has more.
   */
  requireMore(
    identity: Identity,
    project: string,
    given: Pick<Standing, "role" | "grants" | "denies">,
  ): Promise<void>;

  /** The same as `may` of a right in the whole registry. */
  maySystem(identity: Identity, right: SystemRight): Promise<boolean>;

  /**
   * `registry` as `identity` may use it; make one per request. Throws UNAUTHORIZED where a token
   * may help (`scopesOf` tells which), NAME_UNKNOWN for projects that do not exist or that the
   * caller may not see, DENIED where it may read but not do this. Its list of repositories is the
   * catalog's, filtered by rights.
   */
  guard(registry: Registry, identity: Identity): Registry;

  /**
   * What of the past `identity` may pull by `name`, a repository as of a moment. Throws
   * UNAUTHORIZED where a token may help, else NAME_UNKNOWN.
   */
  pastRight(identity: Identity, name: string): Promise<PastRight>;

  /**
   * Throws UNAUTHORIZED for nobody: neither login nor token. `/v2/` asks this, so that clients
   * learn where tokens are fetched.
   */
  requireLogin(identity: Identity): void;

  /** Removes sessions that have ended and what is forgotten of failed logins. */
  tidyUp(): Promise<void>;

  /** Groups of directories. */
  readonly groups: UserGroups;

  /** LDAP and OpenID Connect. */
  readonly directories: Directories;

  /** Robot accounts. */
  readonly robots: Robots;

  /** See `challenge.ts`. */
  readonly challenge: typeof challenge;

  /** `GET` and `POST /service/token`. */
  readonly tokenService: TokenService;
}

/** What access is opened with. */
export interface AccessOptions {
  readonly catalog: Catalog;
  /** Seals the token key. */
  readonly box: SecretBox;
  /** What administrators set; the initial values if absent. */
  readonly settings?: Pick<Settings, "get">;
  /** How directories are reached; anywhere, if absent. */
  readonly network?: DirectoryNetwork | undefined;
  /** Told of logins, and of those that failed. */
  readonly onLogin?: OnLogin | undefined;
  /** Told of what goes wrong elsewhere. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** Seconds that tokens live, at least 60, instead of what is set. */
  readonly tokenLifetimeS?: number;
}

/** Opens access control over `catalog`; the token key is made if there is none. */
export async function openAccess(options: AccessOptions): Promise<Access> {
  const { catalog, box, clock = Date.now, tokenLifetimeS } = options;
  const { settings = INITIAL_SETTINGS } = options;
  const rights = openRights(catalog);
  const opened = openDirectories({ ...options, clock });
  const { logins: elsewhere, isPresent, ...directories } = opened;
  const logins = openLogins(catalog, clock, elsewhere);
  const { onLogin = () => {} } = options;
  const tokened = withPresence(withAccessTokens(logins, catalog, clock), isPresent);
  const known = withRobots(tokened, catalog, clock);
  const basic = toldLogins(known, onLogin);
  const sessions = openSessions({ catalog, settings: options.settings, clock });
  const tokens = openTokens({
    key: await loadTokenKey(catalog, box),
    issuer: `entrepot:${catalog.registryId}`,
    clock,
    lifetimeS: tokenLifetimeS ?? (() => 60 * settings.get(TOKEN_MINUTES)),
  });

  return {
    ...openAccounts(catalog),
    ...openAccountRights(catalog),
    ...openMembers(catalog),
    // Of the portal's, sessions tell.
    ...toldLogins(logins, onLogin, { failures: true }),
    ...toldSessions(sessions, onLogin),
    ...openAccessTokens(catalog, clock),
    robots: openRobots(catalog, clock),
    directories,
    groups: openUserGroups(catalog),
    challenge,
    tokenService: openTokenService({ logins: basic, rights, tokens: toldTokens(tokens, onLogin) }),
    guard: (registry, identity) => guardRegistry(registry, { catalog, rights, identity }),

    pastRight: (identity, name) => pastRight({ rights }, identity, name),

    async resumeSession(secret, unseen) {
      const identity = await sessions.resumeSession(secret, unseen);
      return identity && (await isPresent(identity.accountId ?? 0)) ? identity : null;
    },

    async authenticate(request, clientAddress) {
      const credentials = credentialsOf(request);
      switch (credentials.scheme) {
        case "none":
          return ANONYMOUS;
        case "bearer":
          return tokens.verify(credentials.token);
        case "basic":
          return basic.login(credentials.username, credentials.password, clientAddress);
      }
    },

    async tidyUp() {
      await sessions.sweepSessions();
      await openThrottle(catalog, clock).sweep();
    },

    requireLogin(identity) {
      if (identity.kind !== "anonymous" || identity.grants !== null) return;
      throw new RegistryError(
        "UNAUTHORIZED",
        "log in, or fetch a token (an anonymous one will do)",
      );
    },

    ...openJudgements(catalog, rights),
  };
}
