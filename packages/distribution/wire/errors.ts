import { RegistryError } from "@entrepot/oci";
import type { ErrorCode } from "@entrepot/oci";

/**
 * The status that each code travels with. Source: distribution-spec § Endpoints and § Error Codes;
 * MANIFEST_BLOB_UNKNOWN is 404 as end-7 says, where some registries answer 400.
 */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  RANGE_INVALID: 416,
  SIZE_INVALID: 400,
  TAG_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
  BAD_REQUEST: 400,
  CONFLICT: 409,
  FORBIDDEN: 403,
  METHOD_NOT_ALLOWED: 405,
  NOT_FOUND: 404,
  PRECONDITION: 412,
  REQUEST_ENTITY_TOO_LARGE: 413,
  UNPROCESSABLE: 422,
  CANCELLED: 409,
  INTEGRITY: 500,
  UNAVAILABLE: 503,
  UNREACHABLE: 502,
  UNKNOWN: 500,
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "NOT_FOUND",
  405: "UNSUPPORTED",
  409: "CONFLICT",
  412: "PRECONDITION",
  413: "REQUEST_ENTITY_TOO_LARGE",
  416: "RANGE_INVALID",
  422: "UNPROCESSABLE",
  429: "TOOMANYREQUESTS",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "UNAVAILABLE",
};

/** The code of an answer that names none of ours: by its status alone. */
export function codeOfStatus(status: number): ErrorCode {
  return CODE_OF_STATUS[status] ?? "UNKNOWN";
}

/** The JSON envelope of one error. Source: distribution-spec § Error Codes. */
export function printErrors(code: ErrorCode, message: string, detail?: unknown): string {
  return JSON.stringify({ errors: [{ code, message, detail }] });
}

/**
 * The error that an answer with `status` and `body` tells. A body that is not the envelope, as
 * proxies in between send, gives an error by status; its first 200 characters become the message.
 */
export function parseErrors(status: number, body: string): RegistryError {
  const first = firstError(body);
  const code = isErrorCode(first?.code) ? first.code : codeOfStatus(status);
  const message = textOf(first?.message) ?? textOf(first?.code) ?? body.slice(0, 200).trim();
  return new RegistryError(code, `${message || "no message"} (HTTP ${status})`, {
    detail: first?.detail,
  });
}

function firstError(body: string): Record<string, unknown> | null {
  try {
    const first: unknown = JSON.parse(body)?.errors?.[0];
    return typeof first === "object" && first !== null ? { ...first } : null;
  } catch {
    return null;
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(STATUS_OF, code);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, 1000) : null;
}
