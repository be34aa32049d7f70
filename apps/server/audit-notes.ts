import type { Identity, LoginEvent } from "@entrepot/access";
import type { Settings } from "@entrepot/catalog";
import { type Audit, AUDIT_PULLS, type AuditEvent } from "@entrepot/events";
import { requestIdOf } from "./request-actor.ts";
import { requestScope } from "./request-scope.ts";

type Notes = Pick<Audit, "note">;

/** A request that was answered. */
export interface Answered {
  readonly request: Request;
  readonly address: string;
  /** Whoever made it, as far as that was found out. */
  readonly identity: Identity | undefined;
  readonly status: number;
  /** The project that it was about, where that is known. */
  readonly project: string | null;
}

const OPERATIONS: Readonly<Record<string, AuditEvent["operation"]>> = {
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};
/** Of this, too, access tells. */
const SIGN_IN = "/api/v2.0/sessions";
/** Asked with POST, and changing nothing. */
const ASKING =
  /^\/api\/v2\.0\/(?:replication\/(?:wait|policies\/plan)|registries\/ping|audit-logs\/)/;
/** Told again and again while a copy comes in, and changing nothing. */
const TELLING = /^\/api\/v2\.0\/projects\/[^/]+\/repositories\/[^/]+\/announcements$/;

/**
 * Notes a request to the management API that changed something, or was refused. Failed logins are
 * told by access: they are not noted again.
 */
export function noteApiRequest(audit: Notes, answered: Answered): void {
  const { request, identity, status } = answered;
  const changes = request.method in OPERATIONS;
  const refused = status === 403 || (status === 401 && changes && identity !== undefined);
  const { pathname } = new URL(request.url);
  if (pathname === SIGN_IN && request.method === "POST") return;
  if (!refused && (!changes || identity === undefined || isNoChange(pathname))) return;
  const [resourceType = ""] = pathname.replace("/api/v2.0/", "").split("/");
  audit.note(eventOf(answered, { resourceType, resource: pathname }));
}

const isNoChange = (path: string): boolean => ASKING.test(path) || TELLING.test(path);

const REGISTRY = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)(?:\/(.*))?$/;

/**
 * Notes a request to the registry that changed a name, or was refused with DENIED. What lacks a
 * token is none: every client begins without one.
 */
export function noteRegistryRequest(audit: Notes, answered: Omit<Answered, "project">): void {
  const { request, status } = answered;
  const changes = request.method === "PUT" || request.method === "DELETE";
  if (status !== 403 && !(changes && status < 300)) return;
  const [, name = "", part = "", reference = ""] =
    REGISTRY.exec(new URL(request.url).pathname) ?? [];
  // A blob is no name, and a manifest that is not taken is no change.
  if (status !== 403 && part !== "manifests") return;
  const resource = part === "manifests" ? `${name}${join(reference)}` : `${name}/${part}`;
  const project = name.split("/", 1)[0] || null;
  audit.note(eventOf({ ...answered, project }, { resourceType: "repository", resource }));
}

function join(reference: string): string {
  return reference.includes(":") ? `@${reference}` : `:${reference}`;
}

function eventOf(
  { request, address, identity, status, project }: Answered,
  about: Pick<AuditEvent, "resourceType" | "resource">,
): AuditEvent {
  const denied = status === 401 || status === 403;
  return {
    at: new Date(),
    kind: "request",
    operation: OPERATIONS[request.method] ?? "read",
    ...about,
    project,
    actor: identity?.name ?? "anonymous",
    address,
    userAgent: request.headers.get("user-agent") ?? "",
    result: denied ? "denied" : status < 400 ? "success" : "failure",
    cause: requestIdOf(request),
    seq: null,
    detail: { method: request.method, status },
  };
}

/** What is told of logins, as access' `onLogin`. */
export function loginNotes(audit: Notes): (event: LoginEvent) => void {
  return ({ what, username, clientAddress, result, why }) => {
    const scope = requestScope();
    audit.note({
      at: new Date(),
      kind: "login",
      operation: what === "token" ? "token" : "login",
      resourceType: what,
      resource: username,
      project: null,
      actor: username,
      address: clientAddress || (scope?.address ?? ""),
      userAgent: scope?.userAgent ?? "",
      result,
      cause: scope?.id ?? "",
      seq: null,
      detail: why === "" ? {} : { why },
    });
  };
}

/** A manifest that was pulled. */
export interface NotedPull {
  readonly request: Request;
  readonly address: string;
  readonly identity: Identity;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** Notes a pull, if administrators want pulls to be noted. */
export function notePull(audit: Notes, settings: Pick<Settings, "get">, pull: NotedPull): void {
  if (!settings.get(AUDIT_PULLS)) return;
  const { request, address, identity, repository, tag, digest } = pull;
  audit.note({
    at: new Date(),
    kind: "pull",
    operation: "pull",
    resourceType: "artifact",
    resource: tag === "" ? `${repository}@${digest}` : `${repository}:${tag}`,
    project: repository.split("/", 1)[0] || null,
    actor: identity.name,
    address,
    userAgent: request.headers.get("user-agent") ?? "",
    result: "success",
    cause: requestIdOf(request),
    seq: null,
    detail: { digest },
  });
}
