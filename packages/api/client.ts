import { RegistryError } from "@entrepot/oci/error";
import { errorOf } from "./api-error.ts";
import { basic } from "./basic.ts";
import { nextPath } from "./next-path.ts";
import type { AnyRoute, InputOf, LineOf, OutputOf } from "./route-types.ts";
import { jsonLines } from "./json-lines.ts";
import type { Routes } from "./routes.ts";
import { type ServerEvent, serverEvents } from "./server-events.ts";
import { textLines } from "./text-lines.ts";
import table from "./route-table.json" with { type: "json" };

export { RegistryError } from "@entrepot/oci/error";
export { ApiError } from "./api-error.ts";
export type { InputOf, OutputOf } from "./route-types.ts";
export type { ServerEvent };

/** Where the registry is, and as whom to speak to it. */
export interface ApiClientOptions {
  /** Its address without a path: `https://registry.example`. */
  readonly url: string;
  readonly credential?: { readonly username: string; readonly password: string };
  readonly fetch?: typeof fetch;
  /** How long one request may take. 60 s by default. */
  readonly timeoutMs?: number;
}

/** An answer. */
export interface Reply<B> {
  readonly body: B;
  /** For a list: how many items there are on all pages. */
  readonly total: number | null;
  /** For a list: the path of the next page. */
  readonly next: string | null;
  /** For what was created: its id, or name, as the end of `Location`. */
  readonly created: string | null;
  readonly headers: Headers;
}

/** A call of one route. Throws `ApiError` if refused, UNREACHABLE if nobody answers in time. */
export type Call<R> = (
  ...input: {} extends InputOf<R> ? [input?: InputOf<R>] : [input: InputOf<R>]
) => Promise<Reply<OutputOf<R>>>;

type Item<R> = OutputOf<R> extends readonly (infer I)[] ? I : never;

/** The management API of one registry, a method for each route. */
export type ApiClient = {
  readonly [Room in keyof Routes]: {
    readonly [Name in keyof Routes[Room]]: Call<Routes[Room][Name]>;
  };
} & {
  /**
   * Every item of a list, page by page, as it is asked for. Items that come or go meanwhile may be
   * missed or come twice, as with any paging by number.
   */
  each<R extends AnyRoute>(route: R, input: InputOf<R>): AsyncGenerator<Item<R>, void, undefined>;

  /** The lines of an answer that is a stream of JSON texts, as they come. Takes any time. */
  lines<R extends AnyRoute>(route: R, input: InputOf<R>): AsyncGenerator<LineOf<R>>;

  /** The lines of an answer that is text, as they come, without their ends. Takes any time. */
  texts<R extends AnyRoute>(route: R, input: InputOf<R>): AsyncGenerator<string>;

  /** What a route tells as server-sent events, until it ends. Throws as calls do. */
  events<R extends AnyRoute>(route: R, input: InputOf<R>): AsyncGenerator<ServerEvent>;
};

interface LooseInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Every route by room and name, for `each`, `lines`, `texts` and `events`. Only its method and path
 * are there at run time: the schemas, which take longer to load than most commands to run, and more
 * than a page may weigh, are known to the compiler alone.
 */
export const routes = table as unknown as Routes;

/** Items that a list is asked for at once. */
const AT_ONCE = 100;

/**
 * A client of the management API at `options.url`, Entrepot's or Harbor's. Answers are taken as
 * they come, unchecked, since a newer server may say more. Redirects are not followed.
 */
export function apiClient(options: ApiClientOptions): ApiClient {
  const send = sender(options);
  const call = (route: Pick<AnyRoute, "method" | "path">, input: LooseInput = {}) =>
    send(route.method, pathOf(route.path, input), input);

  async function* each(route: AnyRoute, input: LooseInput) {
    const query = { page_size: AT_ONCE, ...input.query };
    let path: string | null = pathOf(route.path, { ...input, query });
    while (path !== null) {
      const reply: Reply<unknown> = await send("get", path, input);
      yield* reply.body as unknown[];
      if (reply.next === path) return;
      path = reply.next;
    }
  }

  const rooms = Object.entries(table).map(([room, group]) => {
    const calls = Object.entries(group).map(([name, route]) => [
      name,
      (input?: LooseInput) => call(route, input),
    ]);
    return [room, Object.fromEntries(calls)];
  });
  const lines = (route: AnyRoute, input: LooseInput) =>
    jsonLines(options, pathOf(route.path, input), { ...input, method: route.method });
  const texts = (route: AnyRoute, input: LooseInput) =>
    textLines(options, pathOf(route.path, input), "*/*", { ...input, method: route.method });
  const events = (route: AnyRoute, input: LooseInput) =>
    serverEvents(options, pathOf(route.path, input), input.signal);
  return { ...Object.fromEntries(rooms), each, lines, texts, events } as ApiClient;
}

function sender({
  url,
  credential,
  fetch = globalThis.fetch,
  timeoutMs = 60_000,
}: ApiClientOptions) {
  const base = new URL(url);
  const authorization = credential && basic(credential.username, credential.password);

  return async (method: string, path: string, input: LooseInput): Promise<Reply<unknown>> => {
    const what = `${method.toUpperCase()} ${path}`;
    const target = new URL(path, base);
    if (target.origin !== base.origin) {
      throw new RegistryError(
        "INTEGRITY",
        `${base.origin} names ${target.origin} as its next page`,
      );
    }
    const headers = new Headers({ accept: "application/json, text/plain", ...input.headers });
    if (authorization) headers.set("authorization", authorization);
    const timeout = AbortSignal.timeout(timeoutMs);
    const init: RequestInit = {
      method: method.toUpperCase(),
      headers,
      redirect: "manual",
      signal: input.signal ? AbortSignal.any([input.signal, timeout]) : timeout,
    };
    if (input.body !== undefined) {
      headers.set("content-type", "application/json");
      init.body = JSON.stringify(input.body);
    }
    try {
      const response = await fetch(target, init);
      if (!response.ok) throw await errorOf(response, what);
      return await replyOf(response);
    } catch (cause) {
      if (cause instanceof RegistryError || input.signal?.aborted) throw cause;
      const message = `${base.origin} does not answer ${what}: ${reasonOf(cause)}`;
      throw new RegistryError("UNREACHABLE", message, { cause });
    }
  };
}

/** What is at the bottom of a failed fetch, whose own message says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "the time is up";
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function replyOf(response: Response): Promise<Reply<unknown>> {
  const { headers } = response;
  const total = headers.get("x-total-count");
  const location = headers.get("location");
  return {
    body: await bodyOf(response),
    total: total === null ? null : Number(total),
    next: nextPath(headers.get("link")),
    created: location === null ? null : decodeURIComponent(location.split("/").at(-1) ?? ""),
    headers,
  };
}

async function bodyOf(response: Response): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  const text = await response.text();
  if (type.startsWith("application/json")) return text === "" ? undefined : JSON.parse(text);
  return type.startsWith("text/plain") ? text : undefined;
}

/** A route's path with its parameters and query in place. */
function pathOf(path: string, { params = {}, query = {} }: LooseInput): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = encodeURIComponent(String(params[name]));
    // Slashes in it must survive one decoding on the way. Harbor's own clients do the same.
    return name === "repository_name" ? encodeURIComponent(value) : value;
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  return search.size === 0 ? filled : `${filled}?${search}`;
}
