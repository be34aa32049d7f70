import { httpExchange, RegistryError } from "@entrepot/oci";
import type { ErrorCode } from "@entrepot/oci";
import { parseErrors } from "../wire/index.ts";
import type { FetchResponse } from "./fetch.ts";
import { readBody } from "./response-body.ts";

const LONGEST_ERROR_BYTES = 64 * 1024;

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  DENIED: "check what the endpoint's account may do there",
  TOOMANYREQUESTS: "it limits our rate; try again later",
  UNAUTHORIZED: "check the endpoint's user name and password",
  UNAVAILABLE: "it has a fault of its own; try again later",
};

/** What was asked, for people to see beside the answer. */
export interface Asked {
  readonly method: string;
  readonly url: string;
}

/**
 * The error that `response` is, its body read and its connection freed. `what` says what was asked
 * of whom (`PUT library/app:1 at https://host`). Statuses 401, 403, 429 and 5xx decide the code;
 * else the body does if it names one, or `missing` for a 404 that names none.
 * `detail.retryAfterMs` of a 429 or 503 says how long to wait, if the registry did; what was
 * `asked` and how the answer begins become the error's exchange.
 */
export async function responseError(
  response: FetchResponse,
  what: string,
  now: number,
  missing?: ErrorCode,
  asked?: Asked,
): Promise<RegistryError> {
  const { status } = response;
  const text = await textOf(response);
  const said = parseErrors(status, text);
  const code = codeOf(status, said.code, missing);
  const exchange = asked && httpExchange(asked.method, asked.url, status, text);
  const remedy = REMEDIES[code];
  const message = `${what}: ${said.message}${remedy ? `; ${remedy}` : ""}`;
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), now);
  const waits = status === 429 || (status === 503 && retryAfterMs !== undefined);
  return new RegistryError(code, message, {
    detail: waits ? { retryAfterMs } : said.detail,
    exchange,
  });
}

function codeOf(status: number, said: ErrorCode, missing: ErrorCode | undefined): ErrorCode {
  if (status === 401) return "UNAUTHORIZED";
  if (status === 403) return "DENIED";
  if (status === 429) return "TOOMANYREQUESTS";
  if (status >= 500) return "UNAVAILABLE";
  if (status === 404 && said === "NOT_FOUND") return missing ?? said;
  return said;
}

/**
 * How long `header`, a `Retry-After` in seconds or as a date, asks to wait from `now`; in
 * milliseconds, a day at most, undefined if it says nothing. Source: RFC 9110 §10.2.3.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, 0), 24 * 3600 * 1000);
}

async function textOf(response: FetchResponse): Promise<string> {
  try {
    return Buffer.from(await readBody(response, LONGEST_ERROR_BYTES)).toString();
  } catch {
    return ""; // The status still says what failed.
  }
}
