import { randomUUID } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import { errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { ANONYMOUS, type Grant, type Identity } from "./identity.ts";
import type { TokenKey } from "./token-key.ts";

/** What tokens are for. Harbor's adapter expects this name. */
export const SERVICE = "harbor-registry";

/** A token as it is handed out. */
export interface IssuedToken {
  readonly token: string;
  /** Seconds from `issuedAt`. */
  readonly expiresIn: number;
  readonly issuedAt: Date;
}

/** Issues and verifies registry tokens. Source: distribution's token authentication. */
export interface Tokens {
  /** A token with which its holder is `identity`, and may do what `grants` say. */
  issue(identity: Identity, grants: readonly Grant[]): Promise<IssuedToken>;

  /** Whom `token` makes its holder. Throws UNAUTHORIZED; a new token helps. */
  verify(token: string): Promise<Identity>;
}

/** What tokens are made with. */
export interface TokensOptions {
  readonly key: TokenKey;
  /** Names this registry: another one's tokens are not accepted. */
  readonly issuer: string;
  /** Seconds, at least 60; a function is asked for each token. Default 1800. */
  readonly lifetimeS?: number | (() => number);
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

const LEAST_LIFETIME_S = 60;
/** A token may be used at once on a node whose clock is behind by this much. */
const SLACK_S = 60;
const CACHED_TOKENS = 10_000;
const CACHED_CHARACTERS = 16 << 20;
const LONGEST_TOKEN = 64 << 10;

interface Verified {
  readonly identity: Identity;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Tokens signed with `options.key`. What was verified once is remembered until it expires. */
export function openTokens(options: TokensOptions): Tokens {
  const { key, issuer, lifetimeS: given = 1_800, clock = Date.now } = options;
  const lifetimeNow = typeof given === "number" ? () => given : given;
  if (!(lifetimeNow() >= LEAST_LIFETIME_S)) {
    const found = lifetimeNow();
    throw new TypeError(`tokens live ${found} s; clients expect at least ${LEAST_LIFETIME_S}`);
  }
  const verified = new LRUCache<string, Verified>({
    max: CACHED_TOKENS,
    maxSize: CACHED_CHARACTERS,
    sizeCalculation: (_value, token) => token.length,
  });

  async function check(token: string): Promise<Verified> {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: ["ES256"],
      issuer,
      audience: SERVICE,
      requiredClaims: ["exp", "nbf", "sub"],
      currentDate: new Date(clock()),
    });
    const grants = payload["access"] as readonly Grant[];
    const holder = identityOf(payload.sub ?? "", payload as unknown as Holder, grants);
    const identity = payload["read_only"] === true ? { ...holder, readOnly: true } : holder;
    return { identity, expiresAt: Number(payload.exp) * 1_000 };
  }

  return {
    async issue(identity, grants) {
      const now = Math.floor(clock() / 1_000);
      const lifetimeS = lifetimeNow();
      const { accountId: account, robotId: robot, readOnly: read_only } = identity;
      const holder = { account, robot, read_only };
      const token = await new SignJWT({ ...holder, access: grants })
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: key.kid })
        .setIssuer(issuer)
        .setSubject(identity.kind === "anonymous" ? "" : identity.name)
        .setAudience(SERVICE)
        .setIssuedAt(now)
        .setNotBefore(now - SLACK_S)
        .setExpirationTime(now + lifetimeS)
        .setJti(randomUUID())
        .sign(key.privateKey);
      return { token, expiresIn: lifetimeS, issuedAt: new Date(now * 1_000) };
    },

    async verify(token) {
      const known = verified.get(token);
      if (known && known.expiresAt > clock()) return known.identity;
      verified.delete(token);
      if (token.length > LONGEST_TOKEN) throw refused("it is too long");
      try {
        const fresh = await check(token);
        verified.set(token, fresh);
        return fresh.identity;
      } catch (cause) {
        if (cause instanceof errors.JWTExpired) throw refused("it has expired", cause);
        if (cause instanceof errors.JOSEError) throw refused("it was not issued here", cause);
        throw cause;
      }
    },
  };
}

/** Whose a token is, as it says. */
interface Holder {
  readonly account: number | null;
  readonly robot?: number;
}

function identityOf(
  sub: string,
  { account: accountId, robot: robotId }: Holder,
  grants: readonly Grant[],
): Identity {
  if (robotId !== undefined) {
    return { kind: "robot", name: sub, accountId: null, robotId, sysadmin: false, grants };
  }
  if (accountId === null) return { ...ANONYMOUS, grants };
  return { kind: "account", name: sub, accountId, sysadmin: false, grants };
}

function refused(why: string, cause?: unknown): RegistryError {
  const message = `the bearer token is not accepted: ${why}; fetch a new one`;
  return new RegistryError("UNAUTHORIZED", message, { cause });
}
