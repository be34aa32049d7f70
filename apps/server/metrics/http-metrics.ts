import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Handler } from "../http.ts";
import { routeClassOf } from "./route-class.ts";

/** A handler that is measured. */
export type MeasureHttp = (handler: Handler) => Handler;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/**
 * Measures requests in `registry`: durations until the answer is sent whole, by class of route,
 * method and class of status (never by path), pulls and pushes of manifests.
 */
export function httpMetrics(registry: Registry): MeasureHttp {
  const registers = [registry];
  const durations = new Histogram({
    name: "entrepot_http_request_duration_seconds",
    help: "HTTP requests, until their answer was sent whole.",
    labelNames: ["route", "method", "status"] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  let inFlight = 0;
  const gauge: Gauge = new Gauge({
    name: "entrepot_http_requests_in_flight",
    help: "HTTP requests that are being answered.",
    registers,
    // Counted by hand: a gauge that is set twice for each request costs more than looking it up.
    collect: () => gauge.set(inFlight),
  });
  const pulls = new Counter({
    name: "entrepot_pulls_total",
    help: "Manifests that were fetched (GET).",
    registers,
  });
  const pushes = new Counter({
    name: "entrepot_pushes_total",
    help: "Manifests that were stored (PUT).",
    registers,
  });

  const note = (path: string, given: string, status: number, seconds: number) => {
    const route = routeClassOf(path);
    const method = METHODS.has(given) ? given : "other";
    durations.observe({ route, method, status: `${Math.trunc(status / 100)}xx` }, seconds);
    if (route !== "manifest") return;
    if (method === "GET" && status === 200) pulls.inc();
    if (method === "PUT" && status === 201) pushes.inc();
  };

  return (handler) => async (request, bindings) => {
    const { incoming, outgoing } = bindings;
    const begun = performance.now();
    const path = incoming?.url?.split("?", 1)[0] ?? new URL(request.url).pathname;
    inFlight++;
    const ended = (status: number) => {
      inFlight--;
      note(path, request.method, status, (performance.now() - begun) / 1000);
    };
    if (outgoing) {
      outgoing.once("close", () => ended(outgoing.statusCode));
      return handler(request, bindings);
    }
    const response = await handler(request, bindings);
    ended(response.status);
    return response;
  };
}
