import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access, Identity } from "@entrepot/access";
import type { Catalog, Settings } from "@entrepot/catalog";
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
  const addresses = new WeakMap<Request, string>();
  const arrive = trustedProxies(options.trustedProxies ?? "");
  const portal = openPortal();
  const callers = new WeakMap<Request, Identity>();
  const distribution = openDistribution(options, {
    addressOf: (request) => addresses.get(request) ?? "",
    onCaller: (request, identity) => void callers.set(request, identity),
  });

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
    const seen = { path, isHttps: isHttps(options.publicUrl, request) };
    try {
      if (path === "/v2" || path.startsWith("/v2/")) {
        addresses.set(request, clientAddress);
        const shortcuts = shortcutsOf(incoming, outgoing);
        const response = await inScope(request, clientAddress, () =>
          distribution(request, shortcuts),
        );
        const { status } = response;
        const identity = callers.get(request);
        noteRegistryRequest(options.audit, { request, address: clientAddress, identity, status });
        return response;
      }
      const answered = inScope(request, clientAddress, () => answer(request, path, clientAddress));
      return withSecurityHeaders(await answered, seen);
    } catch (error) {
      log.error({ err: error, path }, "request failed");
      const text = "Something failed here; the server's log says what.\n";
      return withSecurityHeaders(new Response(text, { status: 500 }), seen);
    }
  });
}

/** Long bodies by Node's own streams, both ways, where there are such. */
function shortcutsOf(incoming?: IncomingMessage, outgoing?: ServerResponse): Shortcut {
  if (!incoming || !outgoing) return {};
  return { body: nodeBody(incoming), send: nodeSend(outgoing, RESPONSE_ALREADY_SENT) };
}

/** Where requests come from, and who is told who makes them. */
interface Callers {
  readonly addressOf: (request: Request) => string;
  readonly onCaller: (request: Request, identity: Identity) => void;
}

function openDistribution(
  options: HttpOptions,
  { addressOf, onCaller }: Callers,
): DistributionServer {
  const { access, audit, content, events, pullThrough, publicUrl, settings, log } = options;
  return distributionServer({
    async open(request, scopes) {
      const identity = await access.authenticate(request, addressOf(request));
      onCaller(request, identity);
      // `/v2/` itself needs no right: it is where clients find out how to log in.
      const [asked] = scopes;
      if (!asked) access.requireLogin(identity);
      else if (isAsOfName(asked.name)) return openAsOf(options, identity, asked);
      const local = content.as(actorOf(request, identity));
      // Whoever only asks whether a blob is here may push it; another registry has its own checks.
      const mends = request.method === "GET" && asked?.name !== undefined && !isCopier(request);
      const guarded = access.guard(mends ? options.mending.over(local) : local, identity);
      const registry = pullThrough.over(guarded, request.method === "HEAD");
      // Replication's own pulls are none, as in Harbor.
      if (request.method !== "GET" || isCopier(request)) return registry;
      return content.pulls.noting(registry, (repository, tag, digest) => {
        events.pulls.note({ repository, tag, digest, operator: identity.name });
        const by = { request, address: addressOf(request), identity };
        notePull(audit, settings, { ...by, repository, tag, digest });
      });
    },
    challenge: (request, scopes) => access.challenge(scopes, publicOrigin(publicUrl, request)),
    log: (failure) => log.error({ err: failure.error, ...failure }, "registry request failed"),
  });
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
