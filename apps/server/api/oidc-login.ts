import { localPath } from "@entrepot/access";
import { type ErrorCode, RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { loginNotes } from "../audit-notes.ts";
import type { ApiOptions, App, Env } from "./app.ts";
import { isHttps, publicOrigin } from "../public-address.ts";
import { signIn } from "./sessions.ts";

const LOGIN = "/c/oidc/login";
const CALLBACK = "/c/oidc/callback";
const LOGOUT = "/c/oidc/logout";
const COOKIE = "entrepot_oidc";
const KEPT_S = 600;

/**
 * Adds logging in by a browser at an OpenID Connect provider: `GET /c/oidc/login?redirect_url=`
 * goes there, `/c/oidc/callback` comes back with a session. Paths as Harbor's, so that a provider
 * set up for one serves the other. What fails is told by the portal's page to log in, which has a
 * text for each kind of failure: nothing that somebody else wrote is shown.
 */
export function addOidcLogin(app: App, options: ApiOptions): void {
  const { directories } = options.access;

  app.get(LOGIN, (context) =>
    telling(context, options, async () => {
      const returnTo = localPath(context.req.query("redirect_url") ?? "");
      const { url, kept } = await directories.oidc.begin(
        baseOf(context, options) + CALLBACK,
        returnTo,
      );
      keep(context, options, kept);
      return context.redirect(url, 302);
    }),
  );

  app.get(CALLBACK, (context) =>
    telling(context, options, async () => {
      const kept = keptBy(context);
      // Whatever comes of it, it counts once.
      keep(context, options, null);
      const cameTo = new URL(CALLBACK + new URL(context.req.url).search, baseOf(context, options));
      const { vouched, refreshToken, returnTo } = await directories.oidc.finish(cameTo, kept);
      const identity = await directories.vouched(vouched, refreshToken);
      await signIn(options, context, identity);
      return context.redirect(returnTo, 302);
    }),
  );

  app.get(LOGOUT, (context) =>
    telling(context, options, async () => {
      const url = await directories.oidc.signOut(`${baseOf(context, options)}/`);
      return context.redirect(url ?? "/", 302);
    }),
  );
}

/** What the page to log in has texts for, where the error says nothing more exact. */
const FAILURES: Partial<Record<ErrorCode, string>> = {
  FORBIDDEN: "refused",
  PRECONDITION: "off",
  UNAUTHORIZED: "again",
};

/** Sends the browser to the page to log in where that has failed, with what went wrong. */
async function telling(
  context: Context<Env>,
  { audit, log }: ApiOptions,
  answer: () => Promise<Response>,
): Promise<Response> {
  context.header("Cache-Control", "no-store");
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    log.warn({ err: error, path: context.req.path }, "login by OpenID Connect failed");
    const { clientAddress } = context.env;
    const result = error.code === "UNAVAILABLE" ? "failure" : "denied";
    const about = { what: "session", username: "anonymous", clientAddress } as const;
    loginNotes(audit)({ ...about, result, why: error.message });
    const { login } = (error.detail ?? {}) as { login?: string };
    const failure = login ?? FAILURES[error.code] ?? "unavailable";
    return context.redirect(`/login?failure=${failure}`, 302);
  }
}

function baseOf(context: Context<Env>, { publicUrl }: ApiOptions): string {
  return publicOrigin(publicUrl, context.req.raw);
}

/** Lax: it comes along when the provider sends the browser back. */
function keep(context: Context<Env>, { publicUrl }: ApiOptions, kept: string | null): void {
  const age = kept === null ? 0 : KEPT_S;
  const secure = isHttps(publicUrl, context.req.raw) ? "; Secure" : "";
  const cookie = `${COOKIE}=${kept ?? ""}; Path=/c/oidc; Max-Age=${age}; HttpOnly; SameSite=Lax`;
  context.header("Set-Cookie", cookie + secure, { append: true });
}

function keptBy(context: Context<Env>): string | null {
  for (const pair of (context.req.header("cookie") ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === COOKIE && value) return value;
  }
  return null;
}
