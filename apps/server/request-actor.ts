import { randomUUID } from "node:crypto";
import type { Identity } from "@entrepot/access";
import { type Actor, parseClock } from "@entrepot/catalog";
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
 * Whoever may push may send them. All that they can do is keep a change from being sent on to the
 * registries they name, and make a tag that they may push come before or after others.
 */
const ORIGIN = "entrepot-origin";
const PATH = "entrepot-path";
const CLOCK = "entrepot-clock";
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LONGEST_PATH = 32;

/** The headers that carry `origin` on. */
export function originHeaders(origin: Origin): Record<string, string> {
  return {
    [ORIGIN]: `${origin.registry}:${origin.seq}`,
    [PATH]: origin.path.join(","),
    ...(origin.clock !== undefined && { [CLOCK]: origin.clock }),
  };
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
  return given && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/** Who changes something by `request`, and what it carries on. Throws BAD_REQUEST. */
export function actorOf(request: Request, identity: Identity): Actor {
  const actor = { name: identity.name, cause: requestIdOf(request) };
  const origin = request.headers.get(ORIGIN);
  const path = request.headers.get(PATH);
  if (origin === null && path === null) return actor;

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
  const clock = request.headers.get(CLOCK);
  if (clock === null) return { ...actor, origin: { registry, seq }, path: ids };
  if (parseClock(clock) === null) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${CLOCK} is not <registry id>:<ms>.<counter>, newest first, at most ${LONGEST_PATH}`,
    );
  }
  return { ...actor, origin: { registry, seq }, path: ids, clock };
}
