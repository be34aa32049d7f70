import { parseChallenges, parseScope, printScope } from "../wire/index.ts";
import type { Challenge, Scope } from "../wire/index.ts";
import type { Fetch } from "./fetch.ts";
import { basicHeader, tokenCache } from "./tokens.ts";
import type { Credential, TokenService } from "./tokens.ts";
import { trustedRealm } from "./trust.ts";

/** Finds the `Authorization` that a request needs, and learns from refusals. */
export interface Authorizer {
  /** What to send along for `scopes`; undefined where nothing is known to be needed. */
  header(scopes: readonly Scope[]): Promise<string | undefined>;
  /**
   * Takes note of how a 401 with `wwwAuthenticate` wants us to authenticate. Throws DENIED for a
   * token service that we do not trust.
   */
  learn(wwwAuthenticate: string): void;
  /**
   * After such a 401 to a request sent with `sent`: what to send instead, or undefined if another
   * try is of no use. Throws as `learn` and `header` do.
   */
  renew(
    wwwAuthenticate: string,
    scopes: readonly Scope[],
    sent: string | undefined,
  ): Promise<string | undefined>;
  /** After a 403: rights may have been granted since the token was made, so forget it. */
  forget(scopes: readonly Scope[], sent: string | undefined): void;
}

/** What an authorizer works with. */
export interface AuthorizerOptions {
  readonly root: string;
  readonly fetch: Fetch;
  readonly clock: () => number;
  readonly userAgent: string;
  readonly credential?: Credential | undefined;
  readonly trustedRealms: readonly string[];
}

type Scheme = { kind: "none" } | { kind: "basic" } | { kind: "bearer"; service: TokenService };

/** Authentication at one registry: nothing, Basic or tokens, whichever it asks for first. */
export function authorizer(options: AuthorizerOptions): Authorizer {
  const { credential, root } = options;
  const tokens = tokenCache(options.fetch, options.clock, credential, options.userAgent);
  let scheme: Scheme = { kind: "none" };

  /** Who may push asks for it at once: one token per repository then serves reads and writes. */
  const widen = (scopes: readonly Scope[]) => (credential ? scopes.map(withPush) : scopes);

  async function current(scopes: readonly Scope[]): Promise<string | undefined> {
    if (scheme.kind === "bearer") {
      const wide = widen(scopes).map(printScope);
      const token = await tokens.get(scheme.service, wide, scopes.map(printScope));
      return `Bearer ${token}`;
    }
    return scheme.kind === "basic" && credential ? basicHeader(credential) : undefined;
  }

  function forget(scopes: readonly Scope[], sent: string | undefined) {
    if (sent?.startsWith("Bearer ")) tokens.drop(widen(scopes).map(printScope), sent.slice(7));
  }

  function learn(wwwAuthenticate: string): Challenge | undefined {
    const challenges = parseChallenges(wwwAuthenticate);
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
    const realm = bearer?.params["realm"];
    if (bearer && realm !== undefined) {
      const service = bearer.params["service"];
      const trusted = trustedRealm(realm, root, options.trustedRealms);
      scheme = { kind: "bearer", service: { realm: trusted, service } };
      return bearer;
    }
    const basic = challenges.find((challenge) => challenge.scheme === "basic");
    if (basic) scheme = { kind: "basic" };
    return basic;
  }

  return {
    header: current,
    learn,
    forget,
    async renew(wwwAuthenticate, scopes, sent) {
      const challenge = learn(wwwAuthenticate);
      if (!challenge || (challenge.scheme === "basic" && sent?.startsWith("Basic "))) return;
      forget(scopes, sent);
      return await current(withAsked(scopes, challenge.params["scope"]));
    },
  };
}

function withPush(scope: Scope): Scope {
  if (scope.type !== "repository" || scope.actions.length > 1) return scope;
  return scope.actions[0] === "pull" ? { ...scope, actions: ["pull", "push"] } : scope;
}

/** `scopes`, and what the registry named beyond them (it knows best what an act needs). */
function withAsked(scopes: readonly Scope[], asked: string | undefined): readonly Scope[] {
  const more = (asked ?? "").split(" ").flatMap((text) => parseScope(text) ?? []);
  const isKnown = ({ type, name, actions }: Scope) =>
    scopes.some(
      (scope) =>
        scope.type === type &&
        scope.name === name &&
        actions.every((action) => scope.actions.includes(action)),
    );
  const unknown = more.filter((scope) => !isKnown(scope)).slice(0, 4);
  return [...scopes, ...unknown];
}
