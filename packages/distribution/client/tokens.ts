import { RegistryError } from "@entrepot/oci";
import { withQuery } from "../wire/index.ts";
import { BoundedMap } from "./bounded-map.ts";
import { connectionError } from "./connection-error.ts";
import type { Fetch } from "./fetch.ts";
import { readJson } from "./response-body.ts";
import { responseError } from "./response-error.ts";

/** A user name (or robot's name) and its password, as Basic authentication sends them. */
export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** Where tokens come from. */
export interface TokenService {
  /** Already checked against the registry's trust boundary. */
  readonly realm: URL;
  readonly service: string | undefined;
}

/** Tokens by what they are good for. */
export interface Tokens {
  /**
   * A token for `wide`, or for `narrow` where the service refuses `wide`. From memory while it is
   * good; asked for once, however many wait. Throws UNAUTHORIZED, DENIED, UNREACHABLE, UNAVAILABLE.
   */
  get(service: TokenService, wide: readonly string[], narrow: readonly string[]): Promise<string>;
  /** Forgets the tokens for `scopes`, if it is still `token`. */
  drop(scopes: readonly string[], token: string): void;
}

interface Kept {
  readonly token: Promise<string>;
  /** Unix time in milliseconds; 0 while it is being asked for. */
  expiresAt: number;
  value?: string;
}

const MOST_TOKENS = 4096;
const LONGEST_ANSWER_BYTES = 1024 * 1024;
const SHORTEST_LIFE_S = 60;

/** Basic's header value for `credential`. Source: RFC 7617. */
export function basicHeader({ username, password }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * Tokens from a registry's token service, kept until shortly before they expire.
 * Source: distribution's token authentication, GET with repeated `scope`.
 */
export function tokenCache(
  fetch: Fetch,
  clock: () => number,
  credential: Credential | undefined,
  userAgent: string,
): Tokens {
  const kept = new BoundedMap<string, Kept>(MOST_TOKENS);

  async function ask({ realm, service }: TokenService, scopes: readonly string[]) {
    const what = `GET a token at ${realm.origin}${realm.pathname}`;
    let url = service === undefined ? realm.href : withQuery(realm.href, { service });
    for (const scope of scopes) url = withQuery(url, { scope });
    const headers: Record<string, string> = { "user-agent": userAgent };
    if (credential) headers["authorization"] = basicHeader(credential);
    const askedAt = clock();
    const asked = { method: "GET", url };
    try {
      const response = await fetch(url, { headers });
      const { status } = response;
      if (status !== 200) throw await responseError(response, what, askedAt, undefined, asked);
      return parseAnswer(await readJson(response, LONGEST_ANSWER_BYTES), what, askedAt);
    } catch (error) {
      throw connectionError(error, what, asked);
    }
  }

  async function askWideFirst(
    service: TokenService,
    wide: readonly string[],
    narrow: readonly string[],
  ) {
    try {
      return await ask(service, wide);
    } catch (error) {
      if (keyOf(wide) === keyOf(narrow) || !isRefusal(error)) throw error;
      return await ask(service, narrow);
    }
  }

  return {
    get(service, wide, narrow) {
      const key = keyOf(wide);
      const found = kept.get(key);
      if (found && (found.expiresAt === 0 || found.expiresAt > clock())) return found.token;
      const answer = askWideFirst(service, wide, narrow);
      const entry: Kept = { token: answer.then(({ token }) => token), expiresAt: 0 };
      kept.set(key, entry);
      answer.then(
        ({ token, expiresAt }) => Object.assign(entry, { value: token, expiresAt }),
        () => kept.get(key) === entry && kept.take(key),
      );
      return entry.token;
    },
    drop(scopes, token) {
      const key = keyOf(scopes);
      if (kept.get(key)?.value === token) kept.take(key);
    },
  };
}

function keyOf(scopes: readonly string[]): string {
  return scopes.toSorted().join(" ");
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  return ["UNAUTHORIZED", "DENIED", "BAD_REQUEST"].includes(error.code);
}

/** The slack keeps a token from expiring on its way; half of a very short life at most. */
function parseAnswer(answer: unknown, what: string, askedAt: number) {
  const { token: named, access_token, expires_in } = (answer ?? {}) as Record<string, unknown>;
  const token = named || access_token;
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw new RegistryError("UNAVAILABLE", `${what}: the answer holds no token`);
  }
  const lifeS = typeof expires_in === "number" && expires_in > 0 ? expires_in : SHORTEST_LIFE_S;
  const slackS = Math.min(10, lifeS / 2);
  return { token, expiresAt: askedAt + (lifeS - slackS) * 1000 };
}
