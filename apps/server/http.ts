import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access, Identity } from "@entrepot/access";
import type { Actor, Catalog, Settings } from "@entrepot/catalog";
import type { Content } from "@entrepot/content";
import {
  type DistributionServer,
  distributionServer,
  nodeBody,
  nodeSend,
  type Shortcut,
} from "@entrepot/distribution/server";
import type { PullThrough } from "@entrepot/proxy";
import type { Audit, Events } from "@entrepot/events";
import type { Mending } from "@entrepot/recovery";
import type { Pacing } from "@entrepot/jobs";
import { isAsOfName } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { openAsOf } from "./as-of.ts";
import { notePull, noteRegistryRequest } from "./audit-notes.ts";
import type { Log } from "./log.ts";
import { answerMetrics, type MetricsAccess } from "./metrics/answer-metrics.ts";
import type { Metrics } from "./metrics/open-metrics.ts";
import { isHttps, noteOrigin, publicOrigin } from "./public-address.ts";
import { openPortal } from "./portal.ts";
import { actorOf, isCopier } from "./request-actor.ts";
import { inScope } from "./request-scope.ts";
import { withSecurityHeaders } from "./security-headers.ts";
import { trustedProxies } from "./trusted-proxies.ts";

/** What a request reaches: the parts that answer it. */
export interface HttpOptions {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly access: Access;
  readonly content: Content;
  readonly pullThrough: PullThrough;
  readonly mending: Pick<Mending, "over">;
  readonly publicUrl: string | null;
  /** See `trustedProxies`; nobody is trusted if absent. */
  readonly trustedProxies?: string | undefined;
  readonly pacing: Pacing;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Pick<Events, "pulls">;
  readonly audit: Pick<Audit, "note">;
  readonly settings: Pick<Settings, "get">;
  /** Who may read them here. */
  readonly readers: MetricsAccess;
  /** The management API. */
  readonly api: (request: Request, clientAddress: string) => Response | Promise<Response>;
}

/** What the HTTP server hands over beside the request. */
export interface Bindings {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

/** Answers every request of this server. Never throws. */
export type Handler = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** Sends each request to the part that its path belongs to. */
export function openHttp(options: HttpOptions): Handler {
  const { access, api, log } = options;
  const arrive = trustedProxies(options.trustedProxies ?? "");
  const portal = openPortal();
  const visits = new WeakMap<Request, Visit>();
  const distribution = openDistribution(options, visits);

  /** What is not the registry itself. */
  async function answer(request: Request, path: string, clientAddress: string): Promise<Response> {
    if (path === "/service/token") return access.tokenService(request, clientAddress);
    if (/^\/(?:api|c\/oidc)\//.test(path)) return api(request, clientAddress);
    if (path === "/metrics") return answerMetrics(options, request, clientAddress);
    const ofPortal = await portal(request, path);
    if (ofPortal) return ofPortal;
    if (path === "/") return welcome();
    return new Response("Nothing is here. The registry is at /v2/, its API at /api/v2.0/.\n", {
      status: 404,
    });
  }

  return options.metrics.http(async (request, { incoming, outgoing }) => {
    const arrival = arrive(incoming?.socket.remoteAddress ?? "", request);
    const { address: clientAddress } = arrival;
    if (arrival.origin !== null) noteOrigin(request, arrival.origin);
    const path = pathOf(request.url);
    const secured = (response: Response) =>
      withSecurityHeaders(response, { path, isHttps: isHttps(options.publicUrl, request) });
    const isRegistry = path === "/v2" || path.startsWith("/v2/");
    const answered = isRegistry ? options.pacing.arrive() : null;
    try {
      if (isRegistry) {
        const visit: Visit = { address: clientAddress, identity: undefined };
        visits.set(request, visit);
        const shortcuts = shortcutsOf(incoming, outgoing);
        const response = await inScope(request, clientAddress, () =>
          distribution(request, shortcuts),
        );
        noteRegistryRequest(options.audit, { request, ...visit, status: response.status });
        return response;
      }
      return secured(
        await inScope(request, clientAddress, () => answer(request, path, clientAddress)),
      );
    } catch (error) {
      log.error({ err: error, path }, "request failed");
      const text = "Something failed here; the server's log says what.\n";
      return secured(new Response(text, { status: 500 }));
    } finally {
      answered?.();
    }
  });
}

/** Long bodies by Node's own streams, both ways, where there are such. */
function shortcutsOf(incoming?: IncomingMessage, outgoing?: ServerResponse): Shortcut {
  if (!incoming || !outgoing) return {};
  return { body: nodeBody(incoming), send: nodeSend(outgoing, RESPONSE_ALREADY_SENT) };
}

/** Where a request to the registry comes from, and who makes it as far as that is found out. */
interface Visit {
  readonly address: string;
  identity: Identity | undefined;
}

function openDistribution(
  options: HttpOptions,
  visits: WeakMap<Request, Visit>,
): DistributionServer {
  const { access, audit, content, events, pullThrough, publicUrl, settings, log } = options;
  return distributionServer({
    async open(request, scopes) {
      const visit = visits.get(request)!;
      const { address } = visit;
      const identity = await access.authenticate(request, address);
      visit.identity = identity;
      // `/v2/` itself needs no right: it is where clients find out how to log in.
      const [asked] = scopes;
      if (!asked) access.requireLogin(identity);
      else if (isAsOfName(asked.name)) return openAsOf(options, identity, asked);
      const { method } = request;
      const reads = method === "GET" || method === "HEAD";
      const local = content.as(reads ? readerOf(identity) : actorOf(request, identity));
      // Whoever only asks whether a blob is here may push it; another registry has its own checks,
      // and its pulls are none, as in Harbor.
      if (method !== "GET" || isCopier(request)) {
        const who = isCopier(request) || !reads ? "copies" : "asks";
        return pullThrough.over(access.guard(local, identity), who);
      }
      const mended = asked?.name === undefined ? local : options.mending.over(local);
      const registry = pullThrough.over(access.guard(mended, identity), "reads");
      return content.pulls.noting(registry, (repository, tag, digest) => {
        events.pulls.note({ repository, tag, digest, operator: identity.name });
        const by = { request, address, identity };
        notePull(audit, settings, { ...by, repository, tag, digest });
      });
    },
    challenge: (request, scopes) => access.challenge(scopes, publicOrigin(publicUrl, request)),
    log: (failure) => log.error({ err: failure.error, ...failure }, "registry request failed"),
  });
}

/** Who only reads: nothing is recorded of that, and no id of the request is needed. */
function readerOf({ name }: Identity): Actor {
  return { name, cause: "" };
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function welcome(): Response {
  return new Response(
    "Entrepot, a container image registry.\n" +
      "The registry is at /v2/, its management API at /api/v2.0/ (described at /api/docs).\n",
  );
}
