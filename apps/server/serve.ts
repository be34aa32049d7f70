import { openApi } from "./api/index.ts";
import type { Config } from "./config.ts";
import { type Handler, openHttp } from "./http.ts";
import { listen } from "./listen.ts";
import { answerMetrics } from "./metrics/answer-metrics.ts";
import type { Parts } from "./open-parts.ts";
import { GRACE_MS, type OnStop } from "./stopping.ts";

/** Listens, and answers with `parts`. Returns the address. */
export async function serve(
  parts: Parts,
  config: Pick<Config, "host" | "port" | "tls" | "publicUrl" | "metrics" | "metricsListen"> &
    Partial<Pick<Config, "trustedProxies">>,
  onStop: OnStop,
): Promise<string> {
  const { publicUrl, trustedProxies } = config;
  const readers = config.metricsListen ? "off" : config.metrics;
  const closing = new AbortController();
  const api = openApi({ ...parts, publicUrl, closing: closing.signal });
  const http = openHttp({ ...parts, publicUrl, trustedProxies, api, readers });
  const server = await listen(config, http, parts.log);
  onStop(() => server.close(GRACE_MS));
  onStop(async () => closing.abort());
  return server.url;
}

/** Serves metrics alone, to whoever reaches `address`. */
export async function serveMetrics(
  { metrics, access, log }: Parts,
  address: { readonly host: string; readonly port: number },
  onStop: OnStop,
): Promise<void> {
  const handler: Handler = (request) =>
    new URL(request.url).pathname === "/metrics"
      ? answerMetrics({ metrics, access, readers: "public" }, request, "")
      : new Response("Metrics are at /metrics.\n", { status: 404 });
  const server = await listen({ ...address, tls: null }, handler, log);
  log.info(`metrics are at ${server.url}/metrics`);
  onStop(() => server.close(GRACE_MS));
}
