import type { Catalog } from "@entrepot/catalog";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Log } from "../log.ts";
import { catalogMetrics } from "./catalog-metrics.ts";
import { httpMetrics, type MeasureHttp } from "./http-metrics.ts";
import { jobMetrics, type MeasureJobs } from "./job-metrics.ts";

/** What a server counts and measures. */
export interface Metrics {
  /** Measures what is asked over HTTP. */
  readonly http: MeasureHttp;
  /** Measures what tasks do. */
  readonly jobs: MeasureJobs;
  /**
   * Everything, as Prometheus reads it. Never throws: a part that cannot be read is left out, and
   * `entrepot_scrape_failed` says which.
   */
  text(): Promise<string>;
  /** The type of `text`. */
  readonly contentType: string;
}

/**
 * Metrics of one server: those of its HTTP requests and its tasks, those of the database, which are
 * the same on every node, and from the first reading on its process's own.
 */
export function openMetrics(catalog: Pick<Catalog, "db">, log: Log): Metrics {
  const registry = new Registry();
  let measuresProcess = false;
  const http = httpMetrics(registry);
  const jobs = jobMetrics(registry);
  const refresh = catalogMetrics(registry, catalog, log);
  return {
    http,
    jobs,
    contentType: registry.contentType,
    async text() {
      if (!measuresProcess) collectDefaultMetrics({ register: registry });
      measuresProcess = true;
      await refresh();
      return registry.metrics();
    },
  };
}
