import { RegistryError } from "@entrepot/oci";
import { LRUCache } from "lru-cache";
import type { Logins } from "./logins.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";

/** Somebody has logged in, has failed to, or was given something to come back with. */
export interface LoginEvent {
  /** `login`: credentials; `session`: the portal; `token`: a registry token, told of robots. */
  readonly what: "login" | "session" | "token";
  /** As given; who that is, nobody knows where it was wrong. */
  readonly username: string;
  /** Empty where it is not known here. */
  readonly clientAddress: string;
  /** `failure`: nobody could say (a directory that does not answer). */
  readonly result: "success" | "denied" | "failure";
  /** Why not; empty if it did. */
  readonly why: string;
}

/** Costs nothing and never throws. */
export type OnLogin = (event: LoginEvent) => void;

/** Credentials come with every request: where they are right, they are told of once an hour. */
const TOLD_AGAIN_MS = 3_600_000;
const MOST_REMEMBERED = 10_000;

/**
 * `logins` that tell of every failure and, unless only `failures` are asked for, of who came with
 * the right credentials from where.
 */
export function toldLogins(
  logins: Logins,
  tell: OnLogin,
  { failures = false }: { readonly failures?: boolean } = {},
): Logins {
  const told = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: TOLD_AGAIN_MS });
  return {
    async login(username, password, clientAddress) {
      const event = { what: "login", username, clientAddress } as const;
      try {
        const identity = await logins.login(username, password, clientAddress);
        const key = `${clientAddress} ${identity.name}`;
        if (!failures && !told.has(key)) {
          told.set(key, true);
          tell({ ...event, result: "success", why: "" });
        }
        return identity;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const known = error instanceof RegistryError && error.code !== "UNAVAILABLE";
        tell({ ...event, result: known ? "denied" : "failure", why });
        throw error;
      }
    },
  };
}

/** `sessions` that tell of those that begin. */
export function toldSessions(sessions: Sessions, tell: OnLogin): Sessions {
  return {
    ...sessions,
    async beginSession(identity, origin) {
      const begun = await sessions.beginSession(identity, origin);
      const [username, clientAddress] = [identity.name, origin.address];
      tell({ what: "session", username, clientAddress, result: "success", why: "" });
      return begun;
    },
  };
}

/** `tokens` that tell of each that a robot is given. */
export function toldTokens(tokens: Tokens, tell: OnLogin): Tokens {
  return {
    ...tokens,
    async issue(identity, grants) {
      const issued = await tokens.issue(identity, grants);
      const { kind, name: username } = identity;
      if (kind === "robot") {
        tell({ what: "token", username, clientAddress: "", result: "success", why: "" });
      }
      return issued;
    },
  };
}
