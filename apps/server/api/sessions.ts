import { csrfTokenOf, type Identity, type Session } from "@entrepot/access";
import { type CurrentSession, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { type ApiOptions, type App, type Env, needing } from "./app.ts";
import { paged } from "./paged.ts";
import { sessionSecretOf, setSessionCookie } from "./session-cookie.ts";
import { requireOwn, shownUser, userOf } from "./users.ts";

const { sessions } = routes;

/** Adds signing in and out, and looking after sessions. */
export function addSessions(app: App, options: ApiOptions): void {
  addSigningIn(app, options);
  addLookingAfter(app, options);
}

/**
 * Begins a session of whoever has just logged in, and sets its cookie. The session that the request
 * came by ends: what its cookie opened before is not what it opens now.
 */
export async function signIn(
  { access, publicUrl }: ApiOptions,
  context: Context<Env>,
  identity: Identity,
): Promise<{ readonly secret: string; readonly identity: Identity }> {
  const { raw } = context.req;
  const address = context.env.clientAddress;
  const userAgent = raw.headers.get("user-agent") ?? "";
  const begun = await access.beginSession(identity, { address, userAgent });
  const before = await access.resumeSession(sessionSecretOf(raw, publicUrl) ?? "");
  if (before?.session !== undefined) await access.endSession(before.session, null);
  setSessionCookie(context, begun.secret, publicUrl);
  return begun;
}

function addSigningIn(app: App, options: ApiOptions): void {
  const { access, publicUrl } = options;

  app.openapi(needing(options, sessions.create), async (context) => {
    const { username, password } = context.req.valid("json");
    const identity = await access.login(username, password, context.env.clientAddress);
    const { secret, identity: signedIn } = await signIn(options, context, identity);
    return context.json(await shown(signedIn, secret), 200);
  });

  app.openapi(needing(options, sessions.current), async (context) => {
    const identity = context.get("identity");
    const secret = identity.session && sessionSecretOf(context.req.raw, publicUrl);
    return context.json(await shown(identity, secret || null), 200);
  });

  async function shown(identity: Identity, secret: string | null): Promise<CurrentSession> {
    return {
      session_id: identity.session ?? null,
      csrf_token: secret === null ? "" : csrfTokenOf(secret),
      user: shownUser(await userOf(options, identity.accountId ?? 0)),
    };
  }
}

function addLookingAfter(app: App, options: ApiOptions): void {
  const { access, publicUrl } = options;

  app.openapi(needing(options, sessions.list), async (context) => {
    const identity = context.get("identity");
    const { page, page_size: limit, user_id } = context.req.valid("query");
    const accountId = user_id ?? identity.accountId ?? 0;
    requireOwn(identity, accountId);
    const offset = (page - 1) * limit;
    const { items, total } = await access.listSessions({ accountId, offset, limit });
    const shown = items.map((session) => shownSession(session, identity));
    return paged(context, { page, page_size: limit }, { items: shown, total });
  });

  app.openapi(needing(options, sessions.revoke), async (context) => {
    const identity = context.get("identity");
    const { session_id: asked } = context.req.valid("param");
    const id = asked === "current" ? (identity.session ?? 0) : asked;
    const ended = await access.endSession(id, identity.sysadmin ? null : (identity.accountId ?? 0));
    if (!ended) throw new RegistryError("NOT_FOUND", `there is no session ${asked} of yours`);
    if (id === identity.session) setSessionCookie(context, null, publicUrl);
    return context.body(null, 200);
  });

  app.openapi(needing(options, sessions.revokeOthers), async (context) => {
    const { accountId, session } = context.get("identity");
    if (accountId !== null) await access.endSessions(accountId, session);
    return context.body(null, 200);
  });
}

function shownSession(session: Session, { session: current }: Identity) {
  return {
    id: session.id,
    user_id: session.accountId,
    username: session.username,
    creation_time: session.createdAt.toISOString(),
    last_seen_time: session.seenAt.toISOString(),
    expiration_time: session.expiresAt.toISOString(),
    user_agent: session.userAgent,
    address: session.address,
    current: session.id === current,
  };
}
