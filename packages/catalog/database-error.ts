import { RegistryError } from "@entrepot/oci";

/** SQLSTATE classes and codes that say the server is not there now, not that the query is wrong. */
const AWAY = /^(?:08...|57P0[1-5]|53[123]00|3D000|28...)$/;
/** What the operating system says when the server cannot be reached. */
const UNREACHABLE = new Set([
  "EACCES",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
]);
/** `pg` has no codes for these. */
const LOST =
  /Connection terminated|connection error and is not queryable|timeout exceeded when try/;

/** What our own triggers refuse with: a tag is immutable, a quota is exceeded. */
const REFUSED: ReadonlySet<string> = new Set(["ENIMM", "ENQUO"]);

/**
 * `error` as RegistryError UNAVAILABLE if it means that the database cannot be reached or has gone
 * away, DENIED if it is our own triggers' refusal; anything else (a violated constraint, wrong SQL)
 * as it is. Trying again later is safe, except that a commit whose connection was lost may have
 * happened.
 */
export function databaseError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RegistryError) return error;
  const code = sqlState(error) ?? "";
  if (REFUSED.has(code)) return refusal(error);
  if (!AWAY.test(code) && !UNREACHABLE.has(code) && !LOST.test(error.message)) return error;
  return new RegistryError(
    "UNAVAILABLE",
    `the database cannot be reached (${reason(error, code)}); check that PostgreSQL is running`,
    { cause: error },
  );
}

/** The SQLSTATE (or the system's error code) of `error`, null if it has none. */
export function sqlState(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : null;
}

/** Whether a transaction that failed with `error` may succeed if it is simply run again. */
export function isTransient(error: unknown): boolean {
  const code = sqlState(error);
  return code === "40001" || code === "40P01" || isStalePlan(error);
}

/** Whether `error` says that a prepared statement's plan is older than the tables. */
export function isStalePlan(error: unknown): boolean {
  return sqlState(error) === "0A000" && /cached plan/.test((error as Error).message);
}

/** The triggers' message is for people already, their detail JSON. */
function refusal(error: Error): RegistryError {
  const detail: unknown = JSON.parse((error as { detail?: string }).detail ?? "null");
  return new RegistryError("DENIED", error.message, { detail, cause: error });
}

function reason(error: Error, code: string): string {
  // Several addresses tried make an AggregateError, whose own message is empty.
  return error.message || code;
}
