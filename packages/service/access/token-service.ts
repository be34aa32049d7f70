import { RegistryError, type ErrorCode } from "@entrepot/oci";
import { isAsOfName } from "@entrepot/registry";
import { allowsPast, projectAsked } from "./as-of.ts";
import { ANONYMOUS, type Grant, type Identity } from "./identity.ts";
import type { Logins } from "./logins.ts";
import type { Rights } from "./rights.ts";
import { allows } from "./roles.ts";
import { printScope, type Scope } from "./scope.ts";
import { readGet, readPost, type TokenRequest } from "./token-request.ts";
import type { Tokens } from "./tokens.ts";

/** What the token service is made of. */
export interface TokenServiceOptions {
  readonly logins: Pick<Logins, "login">;
  readonly rights: Rights;
  readonly tokens: Tokens;
}

/**
 * `GET` and `POST /service/token`, as Docker, containerd and Harbor's adapter speak it: grants of
 * what is asked all that the caller may do, which can be nothing. Answers with a token, or an error
 * in the envelope of the registry (GET) or of OAuth2 (POST, RFC 6749 §5.2). `clientAddress` is
 * where the request comes from, by which failed logins are slowed down.
 */
export type TokenService = (request: Request, clientAddress: string) => Promise<Response>;

/** The token service over `options`. */
export function openTokenService(options: TokenServiceOptions): TokenService {
  async function answer(asked: TokenRequest, clientAddress: string): Promise<Response> {
    const { login, scopes } = asked;
    const identity = login
      ? await options.logins.login(login.username, login.password, clientAddress)
      : ANONYMOUS;
    const grants = await grantsOf(options.rights, identity, scopes);
    const { token, expiresIn, issuedAt } = await options.tokens.issue(identity, grants);
    return json(200, {
      token,
      access_token: token,
      expires_in: expiresIn,
      issued_at: issuedAt.toISOString(),
      scope: grants
        .filter((grant) => grant.actions.length > 0)
        .map(printScope)
        .join(" "),
    });
  }

  return async (request, clientAddress) => {
    try {
      switch (request.method) {
        case "GET":
          return await answer(readGet(request), clientAddress);
        case "POST":
          return await answer(await readPost(request), clientAddress);
        default:
          throw new RegistryError("METHOD_NOT_ALLOWED", "tokens are fetched with GET or POST");
      }
    } catch (error) {
      if (error instanceof RegistryError && ERRORS[error.code]) return refusal(request, error);
      throw error;
    }
  };
}

/** The intersection of what is asked and what is allowed; what is not, listed as refused. */
async function grantsOf(
  rights: Rights,
  identity: Identity,
  scopes: readonly Scope[],
): Promise<Grant[]> {
  return Promise.all(
    scopes.map(async ({ type, name, actions }) => {
      const allowed = await allowedOn(rights, identity, type, name);
      // Harbor's adapter asks for `*` where it means to delete.
      const asked = type === "repository" ? actions.flatMap(spelledOut) : actions;
      return {
        type,
        name,
        actions: [...new Set(asked.filter((action) => allowed.includes(action)))],
        refused: [...new Set(asked.filter((action) => !allowed.includes(action)))],
      };
    }),
  );
}

const REPOSITORY_ACTIONS = ["pull", "push", "delete"] as const;

function spelledOut(action: string): readonly string[] {
  return action === "*" ? REPOSITORY_ACTIONS : [action];
}

async function allowedOn(
  rights: Rights,
  identity: Identity,
  type: string,
  name: string,
): Promise<readonly string[]> {
  // Anybody may list; which repositories there are to see, the list decides.
  if (type === "registry" && name === "catalog") return ["*"];
  const slash = name.indexOf("/");
  if (type !== "repository" || slash < 0) return [];
  if (isAsOfName(name)) {
    const today = await rights.standing(identity, projectAsked(name));
    return allowsPast(today) ? ["pull"] : [];
  }
  const standing = await rights.standing(identity, name.slice(0, slash));
  return REPOSITORY_ACTIONS.filter((action) => allows(standing, "repository", action));
}

/** Which errors are answers here, with their status and OAuth2's word for them. */
const ERRORS: { readonly [code in ErrorCode]?: { status: number; oauth: string } } = {
  BAD_REQUEST: { status: 400, oauth: "invalid_request" },
  UNSUPPORTED: { status: 400, oauth: "unsupported_grant_type" },
  // 401 where OAuth2 says 400: containerd then falls back to GET.
  UNAUTHORIZED: { status: 401, oauth: "invalid_grant" },
  // Of a directory.
  FORBIDDEN: { status: 403, oauth: "access_denied" },
  UNAVAILABLE: { status: 503, oauth: "temporarily_unavailable" },
  METHOD_NOT_ALLOWED: { status: 405, oauth: "invalid_request" },
  REQUEST_ENTITY_TOO_LARGE: { status: 413, oauth: "invalid_request" },
  TOOMANYREQUESTS: { status: 429, oauth: "temporarily_unavailable" },
};

function refusal(request: Request, { code, message, detail }: RegistryError): Response {
  const { status = 500, oauth } = ERRORS[code] ?? {};
  const headers: Record<string, string> = {};
  if (status === 401) headers["www-authenticate"] = 'Basic realm="entrepot", charset="UTF-8"';
  if (status === 405) headers["allow"] = "GET, POST";
  const { retryAfterSeconds } = (detail ?? {}) as { retryAfterSeconds?: number };
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  const body =
    request.method === "POST"
      ? { error: oauth, error_description: message }
      : { errors: [{ code, message, detail }] };
  return json(status, body, headers);
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
