import type { Failure } from "@entrepot/api";

/** `PUT http://there/v2/… answered 403: …`, on one line; empty if no exchange caused it. */
export function exchangeOf(failure: Failure | null | undefined): string {
  const exchange = failure?.exchange;
  if (!exchange) return "";
  const { method, url, status, body } = exchange;
  const answer = status === 0 ? "had no answer" : `answered ${status}`;
  const said = body.replaceAll(/\s+/g, " ").trim();
  return `${method} ${url} ${answer}${said === "" ? "" : `: ${said}`}`;
}
