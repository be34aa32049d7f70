import { MANIFEST_LIMIT_BYTES, parseRepositoryName, RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import { parsePath } from "../wire/index.ts";
import type { Route, Scope } from "../wire/index.ts";
import { parseQuery, splitUrl } from "./call.ts";
import type { Call, Limits } from "./call.ts";
import { catalog, CATALOG_SCOPES, check, endpoints, subjectOf, wantedScopes } from "./endpoints.ts";
import type { RepositoryRoute } from "./endpoints.ts";
import { failed, methodNotAllowed } from "./failure.ts";
import type { Failure } from "./failure.ts";
import type { Send } from "./node-send.ts";

/** What the server is built from. */
export interface DistributionOptions {
  /**
   * The registry as whoever sent `request` may use it, guarded. `scopes` is what the request needs
   * at the least (empty for `/v2/`). Throws UNAUTHORIZED, DENIED or TOOMANYREQUESTS, the last with
   * `detail.retryAfterSeconds` where that is known.
   */
  open(request: Request, scopes: readonly Scope[]): Promise<Registry>;

  /**
   * The value of `WWW-Authenticate` on a 401. `scopes` is what a token should be asked for: also
   * reading the source of a mount.
   */
  challenge?(request: Request, scopes: readonly Scope[]): string;

  /** Hears of errors that are ours; default: silence. */
  log?(failure: Failure): void;

  readonly limits?: Partial<Limits>;
}

/** Shorter ways than web streams, for the request's body and a long answer's. */
export interface Shortcut {
  /** Instead of `request.body`; see `nodeBody`. */
  readonly body?: Bytes;
  /** See `nodeSend`. */
  readonly send?: Send;
}

/** Answers a request under `/v2/`. Never throws. */
export type DistributionServer = (request: Request, shortcut?: Shortcut) => Promise<Response>;

const DEFAULT_LIMITS: Limits = { manifestBytes: MANIFEST_LIMIT_BYTES, pageSize: 1000 };
const READ_ONLY = ["GET", "HEAD"];

/**
 * The distribution API over a registry. Every error is caught here and only here. Source:
 * distribution-spec 1.1 and what its main branch has added.
 */
export function distributionServer(options: DistributionOptions): DistributionServer {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = (failure: Failure) => options.log?.(failure);

  return async (request, shortcut) => {
    const { path, query: queryText } = splitUrl(request.url);
    const query = parseQuery(queryText);
    let scopes: readonly Scope[] = [];
    const context = {
      request,
      path,
      challenge: () => options.challenge?.(request, wantedScopes(scopes, query)),
      log,
    };
    const onBroken = (error: unknown) => void failed(error, context);
    const open = async (needed: readonly Scope[]): Promise<Call> => {
      scopes = needed;
      const registry = await options.open(request, needed);
      const { body, send } = shortcut ?? {};
      return { request, registry, query, limits, body, send, onBroken };
    };
    try {
      const route = parsePath(path);
      if (!route) throw new RegistryError("NOT_FOUND", "there is nothing at this path");
      return await answer(request, route, open);
    } catch (error) {
      return failed(error, context);
    }
  };
}

type Open = (scopes: readonly Scope[]) => Promise<Call>;

async function answer(request: Request, route: Route, open: Open): Promise<Response> {
  if (route.kind === "check" || route.kind === "catalog") {
    if (!READ_ONLY.includes(request.method)) return methodNotAllowed(request, READ_ONLY);
    return route.kind === "check" ? check(await open([])) : catalog(await open(CATALOG_SCOPES));
  }
  return answerInRepository(request, route, open);
}

async function answerInRepository(
  request: Request,
  route: RepositoryRoute,
  open: Open,
): Promise<Response> {
  const methods = endpoints[route.kind];
  const endpoint = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (!endpoint) return methodNotAllowed(request, Object.keys(methods));
  const name = parseRepositoryName(route.name);
  const call = await open([{ type: "repository", name, actions: endpoint.actions }]);
  const repository = call.registry.repository(name);
  return endpoint.act({ ...call, repository }, subjectOf(route));
}
