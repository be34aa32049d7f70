import type { HttpExchange } from "./http-exchange.ts";

/**
 * Every way in which a request can fail, by name. The first group is the distribution-spec's
 * (§ Error Codes), the second Harbor's management API's, the third tells what stands in the way
 * when we are the client.
 */
export type ErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "RANGE_INVALID"
  | "SIZE_INVALID"
  | "TAG_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNSUPPORTED"
  | "BAD_REQUEST"
  | "CONFLICT"
  | "FORBIDDEN"
  | "METHOD_NOT_ALLOWED"
  | "NOT_FOUND"
  | "PRECONDITION"
  | "REQUEST_ENTITY_TOO_LARGE"
  | "UNPROCESSABLE"
  | "CANCELLED"
  | "INTEGRITY"
  | "UNAVAILABLE"
  | "UNREACHABLE"
  | "UNKNOWN";

/**
 * The one error class. `message` reaches people: it says what failed, on what, and what to do.
 * `detail` is for machines (distribution-spec's `detail` member) and never holds a secret, nor does
 * `exchange`, the HTTP exchange that it came of.
 */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly detail: unknown;
  readonly exchange: HttpExchange | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { detail?: unknown; cause?: unknown; exchange?: HttpExchange | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RegistryError";
    this.code = code;
    this.detail = options.detail;
    this.exchange = options.exchange;
  }
}
