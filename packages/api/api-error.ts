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

  constructor(code: ErrorCode, message: string, status: number, requestId: string | null) {
    super(code, message);
    this.name = "ApiError";
    this.status = status;
    this.requestId = requestId;
  }
}

/** The error that `response`, which is not a success, stands for. Reads its body. */
export async function errorOf(response: Response, what: string): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const code = CODES[response.status] ?? "UNKNOWN";
  const requestId = response.headers.get("x-request-id");
  const location = response.headers.get("location");
  const said =
    messageIn(text) ??
    (location === null ? response.statusText : `it has moved to ${location}; use that address`);
  const message = said === "" ? `${what} was answered with status ${response.status}` : said;
  return new ApiError(code, message, response.status, requestId);
}

/** The first message of an error envelope; null if `text` is none. */
function messageIn(text: string): string | null {
  try {
    const message: unknown = JSON.parse(text)?.errors?.[0]?.message;
    return typeof message === "string" ? message : null;
  } catch {
    return null;
  }
}
