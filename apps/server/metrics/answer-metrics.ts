import type { Access } from "@entrepot/access";
import type { Metrics } from "./open-metrics.ts";

/** Who may read metrics where the registry listens. */
export type MetricsAccess = "off" | "admin" | "public";

/** What answering needs. */
export interface AnswerOptions {
  readonly metrics: Metrics;
  readonly access: Pick<Access, "authenticate">;
  readonly readers: MetricsAccess;
}

/**
 * Answers GET /metrics in Prometheus's text format: to everybody, or to a system administrator
 * (Basic). Off: as if there were none. Throws UNAVAILABLE if the database cannot be asked.
 */
export async function answerMetrics(
  { metrics, access, readers }: AnswerOptions,
  request: Request,
  clientAddress: string,
): Promise<Response> {
  if (readers === "off") {
    return new Response("Metrics are off; see ENTREPOT_METRICS.\n", { status: 404 });
  }
  if (readers === "admin") {
    const refusal = await refusalOf(access, request, clientAddress);
    if (refusal) return refusal;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Metrics are only read.\n", { status: 405, headers: { allow: "GET" } });
  }
  const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
  return new Response(await metrics.text(), { headers });
}

async function refusalOf(
  access: AnswerOptions["access"],
  request: Request,
  clientAddress: string,
): Promise<Response | null> {
  const challenge = { "www-authenticate": 'Basic realm="entrepot metrics"' };
  const text = "Metrics need a system administrator's name and password; see ENTREPOT_METRICS.\n";
  try {
    const identity = await access.authenticate(request, clientAddress);
    if (identity.sysadmin) return null;
    if (identity.kind !== "anonymous") return new Response(text, { status: 403 });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "UNAUTHORIZED") throw error;
  }
  return new Response(text, { status: 401, headers: challenge });
}
