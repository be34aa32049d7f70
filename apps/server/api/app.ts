import type { Access, Action, Identity, Resource } from "@entrepot/access";
import { type Right, validationHook } from "@entrepot/api";
import type { Actor, Catalog, Settings } from "@entrepot/catalog";
import type { Content } from "@entrepot/content";
import { STATUS_OF } from "@entrepot/distribution/wire";
import type { Audit, Events, Purges } from "@entrepot/events";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Backups, Checks, Drills, Repairs, Restores } from "@entrepot/recovery";
import type { Replication } from "@entrepot/replication";
import type { Retention, Sweeps } from "@entrepot/retention";
import type { BlobStore } from "@entrepot/storage";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { sql } from "kysely";
import type { ChangeFeed } from "../change-feed.ts";
import type { StorageMove } from "../storage-move.ts";
import type { Upstreams } from "../upstreams.ts";
import type { Log } from "../log.ts";
import { actorOf, requestIdOf } from "../request-actor.ts";
import { noteApiRequest } from "../audit-notes.ts";
import { refuseWhileReadOnly } from "../read-only.ts";
import { callerOf } from "./caller.ts";
import { limitBody } from "./limit-body.ts";
import { projectOfPath } from "./project-of-path.ts";

/** What the management API is made of. */
export interface ApiOptions {
  readonly catalog: Catalog;
  readonly store: Pick<BlobStore, "stat">;
  readonly access: Access;
  readonly settings: Settings;
  readonly audit: Audit;
  readonly purges: Purges;
  /** What happens, for pages that follow it. */
  readonly feed: ChangeFeed;
  readonly content: Content;
  readonly jobs: Jobs;
  readonly replication: Replication;
  readonly restores: Restores;
  readonly retention: Retention;
  readonly events: Events;
  readonly storageMove: StorageMove;
  readonly storageKind: "filesystem" | "s3";
  readonly sweeps: Sweeps;
  readonly upstreams: Upstreams;
  readonly backups: Backups;
  readonly checks: Checks;
  readonly repairs: Repairs;
  readonly drills: Drills;
  readonly publicUrl: string | null;
  readonly log: Log;
  /** Aborted when the server is about to close: answers that go on for long end. */
  readonly closing?: AbortSignal;
}

/** What every handler finds in its context. */
export interface Env {
  Bindings: { clientAddress: string };
  Variables: {
    identity: Identity;
    /** On whose behalf a change is committed. */
    actor: Actor;
    /** The project that the path names, for routes whose right is in one. */
    project: { id: number; name: string };
  };
}

/** The application that handlers are added to. */
export type App = OpenAPIHono<Env>;

/** An application that knows who asks, answers errors in Harbor's envelope, and has no routes. */
export function openApp({ access, audit, settings, publicUrl, log }: ApiOptions): App {
  const app: App = new OpenAPIHono<Env>({ defaultHook: validationHook });
  app.use(async (context, next) => {
    await next();
    const { res, req, env } = context;
    // Where nobody was found out, nothing has been set.
    const identity = context.get("identity") as Identity | undefined;
    const project = (context.get("project") as { name: string } | undefined)?.name ?? null;
    const answered = { address: env.clientAddress, identity, status: res.status, project };
    noteApiRequest(audit, { ...answered, request: req.raw });
  });
  app.use(limitBody);
  app.use(async (context, next) => {
    const { raw } = context.req;
    context.header("X-Request-Id", requestIdOf(raw));
    const identity = await callerOf({ access, publicUrl }, raw, context.env.clientAddress);
    context.set("identity", identity);
    context.set("actor", actorOf(raw, identity));
    refuseWhileReadOnly(settings, raw, identity);
    await next();
  });
  app.notFound((context) =>
    context.json(envelope("NOT_FOUND", `there is nothing at ${context.req.path}`), 404),
  );
  app.onError((failure, context) => {
    const error = asAsked(failure);
    if (error instanceof RegistryError) {
      const status = STATUS_OF[error.code];
      if (status >= 500) log.error({ err: error, path: context.req.path }, "API request failed");
      const { retryAfterSeconds } = (error.detail ?? {}) as { retryAfterSeconds?: number };
      if (retryAfterSeconds !== undefined) context.header("Retry-After", `${retryAfterSeconds}`);
      return context.json(envelope(error.code, error.message), status as 400);
    }
    if (error instanceof HTTPException) {
      return context.json(envelope("BAD_REQUEST", error.message), error.status as 400);
    }
    const id = requestIdOf(context.req.raw);
    log.error({ err: error, path: context.req.path, id }, "API request failed");
    return context.json(
      envelope("UNKNOWN", `something failed here; the log says what (${id})`),
      500,
    );
  });
  return app;
}

/** `error` as told here. PostgreSQL refuses text with NUL in it: what was asked is at fault. */
function asAsked(error: Error): Error {
  const { code } = error as { code?: unknown };
  if (isImmutable(error)) return new RegistryError("PRECONDITION", error.message, { cause: error });
  if (code !== "22021" && code !== "22P05") return error;
  return new RegistryError("BAD_REQUEST", "the request holds a NUL character", { cause: error });
}

/** Harbor's API answers 412 to this, where the distribution specification has DENIED. */
function isImmutable(error: Error): boolean {
  const { detail } = error as { detail?: { immutableRule?: unknown } | null };
  return error instanceof RegistryError && detail?.immutableRule !== undefined;
}

/** `route` behind what checks the right that it declares: `app.openapi(needing(…), handler)`. */
export function needing<R extends { readonly "x-right": Right }>(options: ApiOptions, route: R) {
  return { ...route, middleware: requires(options, route["x-right"]) };
}

/** The part of a right in the whole registry that names it. */
type Named<R> = R extends `system:${infer Name}` ? Name : never;

/** A middleware for a route that needs `right`; see `Right`. Put it in front of the handler. */
export function requires({ access, catalog }: ApiOptions, right: Right) {
  return async (context: Context<Env>, next: () => Promise<void>): Promise<void> => {
    const identity = context.get("identity");
    if (right === "anyone") return next();
    if (identity.kind === "anonymous" && !right.includes(":")) throw signIn();
    if (identity.kind === "anonymous" && right.startsWith("system:")) throw signIn();
    if (right === "account") {
      if (identity.grants === null) return next();
      throw forbidden("a user name and a password: a registry token is for the registry alone");
    }
    if (right === "system") {
      if (!identity.sysadmin) throw forbidden("a system administrator");
      return next();
    }
    if (right.startsWith("system:")) {
      const named = right.slice("system:".length) as Named<Right>;
      if (!(await access.maySystem(identity, named))) {
        throw forbidden(`a system administrator, or the right ${named} in the whole registry`);
      }
      return next();
    }
    const project = await projectOfPath(catalog, context);
    await mayIn(access, identity, project, right.split(":") as [Resource, Action]);
    context.set("project", project!);
    return next();
  };
}

/**
 * The same for a project that is named elsewhere than in the path: throws UNAUTHORIZED, NOT_FOUND
 * or FORBIDDEN unless the caller has `right` in the project of this id.
 */
export async function requiresIn(
  { access, catalog }: ApiOptions,
  context: Context<Env>,
  projectId: number,
  right: readonly [Resource, Action],
): Promise<void> {
  const project = await catalog.db
    .selectFrom("project")
    .select("name")
    .where(sql<boolean>`id = ${projectId}::bigint`)
    .executeTakeFirst();
  await mayIn(access, context.get("identity"), project ?? null, right);
}

async function mayIn(
  access: Access,
  identity: Identity,
  project: { readonly name: string } | null,
  [resource, action]: readonly [Resource, Action],
): Promise<void> {
  if (!project || !(await access.may(identity, project.name, "project", "read"))) {
    if (identity.kind === "anonymous") throw signIn();
    throw new RegistryError(
      "NOT_FOUND",
      "this project does not exist, or you have no access to it; ask its admin to add you",
    );
  }
  if (!(await access.may(identity, project.name, resource, action))) {
    if (identity.kind === "anonymous") throw signIn();
    throw forbidden(`a role in project '${project.name}' that allows ${resource}:${action}`);
  }
}

function signIn(): RegistryError {
  return new RegistryError("UNAUTHORIZED", "sign in first: send a user name and password (Basic)");
}

function forbidden(needed: string): RegistryError {
  return new RegistryError("FORBIDDEN", `this needs ${needed}; ask an administrator`);
}

function envelope(code: string, message: string) {
  return { errors: [{ code, message }] };
}
