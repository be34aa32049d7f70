import { type ErrorCode, exchangeOf, type HttpExchange, RegistryError } from "@entrepot/oci";
import { messageOf } from "./message-of.ts";
import type { Pace } from "./pace.ts";

/** Why an attempt failed, told apart by what has to be done about it. */
export type FailureKind =
  | "network"
  | "auth"
  | "quota"
  | "rate"
  | "source_gone"
  | "target_refuses"
  | "integrity"
  | "unknown";

/** A failed attempt, as it is kept for people. Holds no secret. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The HTTP exchange that caused it; null if there was none. */
  readonly exchange: HttpExchange | null;
}

/** What is done about a kind of failure. */
interface Rule {
  /** Attempts of one task; Infinity where a failure does not count. */
  readonly attempts: number;
  /** After these, until catching up takes the name up again; null: its usual pace. */
  readonly restMs: number | null;
  readonly remedy: string;
}

const MINUTE_MS = 60_000;
/** Attempts of one task; afterwards its replica stays wanted, and catching up takes it on. */
export const ATTEMPTS = 6;

const RULES: Readonly<Record<FailureKind, Rule>> = {
  network: {
    attempts: ATTEMPTS,
    restMs: null,
    remedy: "nothing need be done once the endpoint answers again: it is asked every few seconds",
  },
  auth: {
    attempts: 1,
    restMs: 10 * MINUTE_MS,
    remedy:
      "check the endpoint's account and what it may do there; new credentials are tried at once",
  },
  quota: {
    attempts: 1,
    restMs: 5 * MINUTE_MS,
    remedy: "raise the target's quota or free space there; it is tried again every five minutes",
  },
  rate: {
    attempts: Infinity,
    restMs: null,
    remedy: "nothing need be done: it goes on as the endpoint's rate limit allows",
  },
  source_gone: {
    attempts: 2,
    restMs: 10 * MINUTE_MS,
    remedy: "the source lacks a part of what it lists; push the image there again",
  },
  target_refuses: {
    attempts: ATTEMPTS,
    restMs: 10 * MINUTE_MS,
    remedy: "see what the target answered: its rules do not take this artifact as it is",
  },
  integrity: {
    attempts: 3,
    restMs: 60 * MINUTE_MS,
    remedy: "bytes are not what their digest says; check the source's storage and the line to it",
  },
  unknown: { attempts: ATTEMPTS, restMs: null, remedy: "see the task's log" },
};

const KINDS: Partial<Record<ErrorCode, FailureKind>> = {
  UNREACHABLE: "network",
  UNAVAILABLE: "network",
  UNAUTHORIZED: "auth",
  DENIED: "auth",
  FORBIDDEN: "auth",
  TOOMANYREQUESTS: "rate",
  REQUEST_ENTITY_TOO_LARGE: "quota",
  BLOB_UNKNOWN: "target_refuses",
  MANIFEST_UNKNOWN: "target_refuses",
  NAME_UNKNOWN: "target_refuses",
  NOT_FOUND: "target_refuses",
  BLOB_UPLOAD_INVALID: "target_refuses",
  BLOB_UPLOAD_UNKNOWN: "target_refuses",
  MANIFEST_INVALID: "target_refuses",
  NAME_INVALID: "target_refuses",
  TAG_INVALID: "target_refuses",
  UNSUPPORTED: "target_refuses",
  BAD_REQUEST: "target_refuses",
  CONFLICT: "target_refuses",
  METHOD_NOT_ALLOWED: "target_refuses",
  PRECONDITION: "target_refuses",
  UNPROCESSABLE: "target_refuses",
  DIGEST_INVALID: "integrity",
  SIZE_INVALID: "integrity",
  INTEGRITY: "integrity",
  MANIFEST_BLOB_UNKNOWN: "integrity",
};

const GONE = new Set<ErrorCode>(["BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"]);
const FULL = /\bquota\b|exceed.{0,60}(?:limit|upper)|insufficient storage|no space left/i;

/** What `error`, thrown by an attempt to bring a name to its target, comes down to. */
export function failureOf(error: unknown): Failure {
  const kind = kindOf(error);
  return {
    kind,
    message: messageOf(error).slice(0, 2000),
    remedy: RULES[kind].remedy,
    exchange: exchangeOf(error),
  };
}

function kindOf(error: unknown): FailureKind {
  const known = named(error);
  const exchange = exchangeOf(error);
  const status = exchange?.status ?? 0;
  if (known && GONE.has(known.code) && isOfSource(known.detail)) return "source_gone";
  if (status === 429 || status === 503) return "rate";
  if (status === 507 || status === 413) return "quota";
  if ([401, 403, 412].includes(status) && FULL.test(exchange?.body ?? "")) return "quota";
  // A fault of our own, of the database or the store, has no exchange.
  if (!known || (known.code === "UNAVAILABLE" && !exchange)) return "unknown";
  return KINDS[known.code] ?? "unknown";
}

/** The first of `error` and its causes whose code says something. */
function named(error: unknown): RegistryError | undefined {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (at instanceof RegistryError && at.code !== "UNKNOWN") return at;
    at = at.cause;
  }
  return undefined;
}

/** Whether a `RegistryError`'s detail says that it came from the side that is copied from. */
function isOfSource(detail: unknown): boolean {
  return (detail as { side?: unknown } | null | undefined)?.side === "source";
}

/**
 * How long after failed attempt `attempt` (1-based) the next one follows, in ms: doubling up to
 * half a minute; null if this task is not to try again.
 */
export function retryDelayMs(error: unknown, attempt: number, { retryMs }: Pace): number | null {
  if (named(error)?.code === "UNSUPPORTED") return null;
  if (attempt >= RULES[kindOf(error)].attempts) return null;
  return Math.min(retryMs * 2 ** (attempt - 1), 30_000);
}

/** How long a name rests after its task failed for good, in ms. */
export function restMs(error: unknown, pace: Pace): number {
  return Math.max(RULES[kindOf(error)].restMs ?? 0, pace.catchUpMs);
}

/** Most time for which a rate limit holds a task back before it looks again. */
const LONGEST_HOLD_MS = 10 * MINUTE_MS;
const SHORTEST_HOLD_MS = 1000;

/**
 * Where a rate limit made an attempt fail: for how long to wait, in ms, and why. Such an attempt
 * does not count. Null for any other failure. Spread out by `random`, from 0 to 1.
 */
export function heldBack(
  error: unknown,
  random: () => number = Math.random,
): { delayMs: number; text: string } | null {
  if (kindOf(error) !== "rate") return null;
  const detail = named(error)?.detail as { retryAfterMs?: number } | null | undefined;
  const askedMs = Math.max(detail?.retryAfterMs ?? 0, SHORTEST_HOLD_MS);
  const delayMs = Math.round(Math.min(askedMs, LONGEST_HOLD_MS) * (1 + random() / 4));
  return { delayMs, text: `Held back by a rate limit: ${messageOf(error).slice(0, 1000)}` };
}
