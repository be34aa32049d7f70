import { httpExchange, RegistryError } from "@entrepot/oci";
import type { Asked } from "./response-error.ts";

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the registry running, and is the port right?",
  ECONNRESET: "the connection broke off; try again",
  EPIPE: "the connection broke off; try again",
  UND_ERR_SOCKET: "the connection broke off; try again",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer broke off; try again",
  ENOTFOUND: "there is no such host name; check its spelling and the name server",
  EAI_AGAIN: "the name server does not answer; check the network",
  EHOSTUNREACH: "there is no way to that host; check the network",
  ENETUNREACH: "there is no way to that network; check the network",
  ETIMEDOUT: "it does not take the connection; check address and firewall",
  UND_ERR_CONNECT_TIMEOUT: "it does not take the connection; check address and firewall",
  UND_ERR_HEADERS_TIMEOUT: "it took the request and never answered; try again later",
  UND_ERR_BODY_TIMEOUT: "it stopped in the middle of its answer; try again later",
  UND_ERR_DESTROYED: "this endpoint's connections have been closed",
  UND_ERR_CLOSED: "this endpoint's connections have been closed",
  CERT_HAS_EXPIRED: "its certificate has expired; it must be renewed there",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name; check the address",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; is the address http:// instead?",
  EPROTO: "it does not speak TLS as we do; is the address http:// instead?",
};

const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const BROKEN_OFF = new Set([
  "ECONNRESET",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_BODY_TIMEOUT",
]);

const TOO_SLOW = new Set([
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);

/**
 * What `error`, thrown by `Fetch` or while a body was read, means to a person: UNREACHABLE with the
 * host, the reason, the remedy and what was `asked`. A `RegistryError` is returned as it is, an
 * abort is CANCELLED.
 */
export function connectionError(error: unknown, what: string, asked?: Asked): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new RegistryError("CANCELLED", `${what}: cancelled`, { cause: error });
  }
  const code = causeCode(error);
  const reason = UNTRUSTED.has(code)
    ? "its certificate is signed by an authority we do not trust; give the endpoint its CA"
    : (CAUSES[code] ?? (error instanceof Error ? error.message : String(error)));
  const detail = { cause: code };
  const exchange = asked && httpExchange(asked.method, asked.url, 0, "");
  return new RegistryError("UNREACHABLE", `${what}: ${reason}`, { cause: error, detail, exchange });
}

/** Whether the other side, or the way to it, was too slow. */
export function timedOut(error: unknown): boolean {
  const cause = error instanceof RegistryError ? error.cause : error;
  return TOO_SLOW.has(causeCode(cause));
}

/** Whether a connection that stood broke off, so that asking again at once may well succeed. */
export function brokeOff(error: unknown): boolean {
  const cause = error instanceof RegistryError ? error.cause : error;
  return BROKEN_OFF.has(causeCode(cause));
}

function causeCode(error: unknown): string {
  let found = "";
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    // Behind several addresses of one host stands an AggregateError: its first says enough.
    const { code, cause, errors } = at as Error & { code?: unknown; errors?: unknown[] };
    if (typeof code === "string") found = code;
    at = cause ?? errors?.[0];
  }
  return found;
}
