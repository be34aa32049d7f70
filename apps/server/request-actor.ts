import { randomUUID } from "node:crypto";
import type { Identity } from "@entrepot/access";
import { type Actor, type Carried, parseClock } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Origin } from "@entrepot/replication";

/*
 * Between Entrepots a replicated change says where it was first made, which registries it has
 * passed through and when, in the order of its name's changes, it was made, in three headers that
 * other registries ignore:
 *
 *     Entrepot-Origin: <registry id>:<seq>
 *     Entrepot-Path: <registry id>,<registry id>,…
 *     Entrepot-Clock: <registry id>:<ms>.<counter>,…     (what the change had seen comes after it)
 *
 * A push of several tags (`?tag=`) may carry on a change of each: then every header has as many
 * items as there are tags, in their order, separated by `;`. An empty item means the same as the
 * one before. An Entrepot that knows nothing of this refuses it as BAD_REQUEST and stores nothing.
 *
 * Whoever may push may send them. All that they can do is keep a change from being sent on to the
 * registries they name, and make a tag that they may push come before or after others.
 */
const ORIGIN = "entrepot-origin";
const PATH = "entrepot-path";
const CLOCK = "entrepot-clock";
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LONGEST_PATH = 32;
/** What headers about several tags take up at most; a server takes 32 KiB of headers in all. */
const MOST_BYTES = 12 << 10;
const MOST_TAGS = 32;

/** The headers that carry `origin` on. */
export function originHeaders(origin: Origin): Record<string, string> {
  return {
    [ORIGIN]: `${origin.registry}:${origin.seq}`,
    [PATH]: origin.path.join(","),
    ...(origin.clock !== undefined && { [CLOCK]: origin.clock }),
  };
}

/** The headers that say which run of the sender a change belongs to: its cause here. */
export function causeHeaders({ cause }: Origin): Record<string, string> {
  return cause === undefined ? {} : { "x-request-id": cause };
}

/**
 * The headers that carry on the changes of several tags, in the order in which the push names them;
 * null for what no one push carries: too many, too long, or some with a clock and some without.
 */
export function originHeadersOfTags(origins: readonly Origin[]): Record<string, string> | null {
  const each = origins.map(originHeaders);
  const names = Object.keys(each[0] ?? {});
  const unlike = each.some((headers) => Object.keys(headers).length !== names.length);
  if (origins.length < 2 || origins.length > MOST_TAGS || unlike) return null;
  const joined = names.map((name) => {
    const items = each.map((headers) => headers[name]!);
    return [name, items.map((item, n) => (item === items[n - 1] ? "" : item)).join(";")] as const;
  });
  const bytes = joined.reduce((sum, [, value]) => sum + value.length, 0);
  return bytes > MOST_BYTES ? null : Object.fromEntries(joined);
}

/** What registries call themselves when they read from others. */
const COPIERS = /^(?:harbor|entrepot)-registry-client\b/;

/**
 * Whether `request` comes of replication, by an Entrepot or a Harbor: its reading is no pull, which
 * retention by last pull would be misled by.
 */
export function isCopier(request: Request): boolean {
  if (request.headers.has(PATH)) return true;
  return COPIERS.test(request.headers.get("user-agent") ?? "");
}

/** The id a request is known by: its own X-Request-Id if that is a plain one, or a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  if (given && /^[\w.-]{1,64}$/.test(given)) return given;
  const made = madeIds.get(request) ?? randomUUID();
  madeIds.set(request, made);
  return made;
}

/** What is answered as a request's id is the cause of what it changes: that can be undone by it. */
const madeIds = new WeakMap<Request, string>();

/** Who changes something by `request`, and what it carries on. Throws BAD_REQUEST. */
export function actorOf(request: Request, identity: Identity): Actor {
  const actor = { name: identity.name, cause: requestIdOf(request) };
  const origin = request.headers.get(ORIGIN);
  const path = request.headers.get(PATH);
  if (origin === null && path === null) return actor;
  const clock = request.headers.get(CLOCK);
  if (!origin?.includes(";")) return { ...actor, ...carriedBy(origin, path, clock) };
  return { ...actor, ...carriedByTags(request, [origin, path, clock]) };
}

/** What each tag of a push carries on; what its manifest does is the first one's. */
function carriedByTags(
  request: Request,
  headers: readonly (string | null)[],
): Carried & Pick<Actor, "ofTags"> {
  const tags = new URL(request.url).searchParams.getAll("tag");
  const items = headers.map((header) => header && itemsOf(header));
  const sound = items.every((list) => list === null || list.length === tags.length);
  if (!sound || request.method !== "PUT" || new Set(tags).size !== tags.length) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${ORIGIN}, ${PATH} and ${CLOCK} of several tags need an item for each ?tag= of a push`,
    );
  }
  const [origins, paths, clocks] = items;
  const carried = tags.map((_, n) =>
    carriedBy(origins?.[n] ?? null, paths?.[n] ?? null, clocks?.[n] ?? null),
  );
  return { ...carried[0]!, ofTags: new Map(tags.map((tag, n) => [tag, carried[n]!])) };
}

/** The items of a header about several tags. */
function itemsOf(header: string): string[] {
  const items = header.split(";").map((item) => item.trim());
  // Each sees those before it with their meaning already.
  for (const [n, item] of items.entries()) items[n] = item || (items[n - 1] ?? "");
  return items;
}

function carriedBy(origin: string | null, path: string | null, clock: string | null): Carried {
  const at = origin?.lastIndexOf(":") ?? -1;
  const registry = origin?.slice(0, at) ?? "";
  const seq = Number(origin?.slice(at + 1));
  const ids = path?.split(",") ?? [];
  const sound =
    ID.test(registry) && Number.isSafeInteger(seq) && seq >= 0 && ids.every((id) => ID.test(id));
  if (!sound || ids.length > LONGEST_PATH) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${ORIGIN} and ${PATH} go together: <registry id>:<seq>, and at most ${LONGEST_PATH} ids`,
    );
  }
  const carried = { origin: { registry, seq }, path: ids };
  if (clock === null) return carried;
  if (parseClock(clock) !== null) return { ...carried, clock };
  throw new RegistryError(
    "BAD_REQUEST",
    `${CLOCK} is not <registry id>:<ms>.<counter>, newest first, at most ${LONGEST_PATH}`,
  );
}
