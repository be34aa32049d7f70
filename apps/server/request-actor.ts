import { randomUUID } from "node:crypto";
import type { Identity } from "@entrepot/access";
import type { Actor } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Origin } from "@entrepot/replication";

/*
 * Between Entrepots a replicated change says where it was first made and which registries it has
 * passed through, in two headers that other registries ignore:
 *
 *     Entrepot-Origin: <registry id>:<seq>
 *     Entrepot-Path: <registry id>,<registry id>,…
 *
 * Whoever may push may send them. All that they can do is keep a change from being sent on to the
 * registries they name.
 */
const ORIGIN = "entrepot-origin";
const PATH = "entrepot-path";
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LONGEST_PATH = 32;

/** The headers that carry `origin` on. */
export function originHeaders(origin: Origin): Record<string, string> {
  return { [ORIGIN]: `${origin.registry}:${origin.seq}`, [PATH]: origin.path.join(",") };
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
  return { ...actor, origin: { registry, seq }, path: ids };
}
