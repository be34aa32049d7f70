import { type ErrorCode, RegistryError } from "@entrepot/oci/error";

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_ALLOWED",
  409: "CONFLICT",
  412: "PRECONDITION",
  413: "REQUEST_ENTITY_TOO_LARGE",
  422: "UNPROCESSABLE",
  429: "TOOMANYREQUESTS",
  503: "UNAVAILABLE",
};

/** A request that the server refused. `message` is the server's own. */
export class ApiError extends RegistryError {
  /** The HTTP status. */
  readonly status: number;
  /** What the server calls this request in its log; null if it did not say. */
  readonly requestId: string | null;
  /** Seconds after which it may be asked again; null if the server did not say. */
  readonly retryAfterSeconds: number | null;

  constructor(code: ErrorCode, message: string, { status, headers }: Response) {
    super(code, message);
    this.name = "ApiError";
    this.status = status;
    this.requestId = headers.get("x-request-id");
    this.retryAfterSeconds = Number(headers.get("retry-after")) || null;
  }
}

/** The error that `response`, which is not a success, stands for. Reads its body. */
export async function errorOf(response: Response, what: string): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const code = CODES[response.status] ?? "UNKNOWN";
  const location = response.headers.get("location");
  const said =
    messageIn(text) ??
    (location === null ? response.statusText : `it has moved to ${location}; use that address`);
  const message = said === "" ? `${what} was answered with status ${response.status}` : said;
  return new ApiError(code, message, response);
}

/**
 * The first message of an error envelope, or whoever could not be imported, and why (Harbor's
 * LdapFailedImportUsers); null if `text` is neither.
 */
function messageIn(text: string): string | null {
  try {
    const said = JSON.parse(text);
    if (Array.isArray(said)) return said.map(({ uid, error }) => `${uid}: ${error}`).join("; ");
    const message: unknown = said?.errors?.[0]?.message;
    return typeof message === "string" ? message : null;
  } catch {
    return null;
  }
}
