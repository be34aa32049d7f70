import { RegistryError } from "@entrepot/oci";
import { header, printErrors, STATUS_OF } from "../wire/index.ts";
import { empty, whole } from "./reply.ts";
import type { HeaderList } from "./reply.ts";

/** An error of ours, for the log. */
export interface Failure {
  /** Also in the answer, so that a report of it can be found here. */
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly error: unknown;
}

/** What the edge needs to turn an error into an answer. */
export interface FailureContext {
  readonly request: Request;
  readonly path: string;
  /** Value of WWW-Authenticate for a 401. */
  challenge(): string | undefined;
  log(failure: Failure): void;
}

/**
 * The answer to a request that failed with `error`. Errors of ours keep their message; of any other
 * the caller learns only the id under which it is logged.
 */
export function failed(error: unknown, context: FailureContext): Response {
  const known = error instanceof RegistryError ? error : null;
  const status = known ? STATUS_OF[known.code] : 500;
  const headers: HeaderList = { "Content-Type": header.JSON_TYPE };
  if (status === 401) {
    const challenge = context.challenge();
    if (challenge !== undefined) headers["WWW-Authenticate"] = challenge;
  }
  if (status === 429) headers["Retry-After"] = String(retryAfterSeconds(known?.detail));
  if (status >= 500) headers["X-Request-Id"] = logged(error, context);
  const body = known
    ? printErrors(known.code, known.message, known.detail)
    : printErrors("UNKNOWN", `something failed here; it is logged as ${headers["X-Request-Id"]}`);
  return whole(context.request, Buffer.from(body), headers, status);
}

function logged(error: unknown, context: FailureContext): string {
  const requestId = crypto.randomUUID();
  context.log({ requestId, method: context.request.method, path: context.path, error });
  return requestId;
}

/** The wait that a TOOMANYREQUESTS names in its detail, in whole seconds; else one. */
function retryAfterSeconds(detail: unknown): number {
  const seconds = (detail as { retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  return typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : 1;
}

/** 405 with the methods that there are. Source: RFC 9110 § 15.5.6. */
export function methodNotAllowed(request: Request, allowed: readonly string[]): Response {
  const allow = allowed.join(", ");
  const headers = { Allow: allow, "Content-Type": header.JSON_TYPE };
  if (request.method === "HEAD") return empty(405, headers);
  const message = `${request.method} is not possible here; possible: ${allow}`;
  return whole(request, Buffer.from(printErrors("UNSUPPORTED", message)), headers, 405);
}
