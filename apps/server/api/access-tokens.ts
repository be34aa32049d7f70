import { type AccessToken, ownAccount } from "@entrepot/access";
import { routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { type ApiOptions, type App, needing } from "./app.ts";
import { paged, pageOf } from "./paged.ts";

const { accessTokens } = routes;

/** Adds one's own personal access tokens. */
export function addAccessTokens(app: App, options: ApiOptions): void {
  const { access } = options;

  app.openapi(needing(options, accessTokens.create), async (context) => {
    const accountId = ownAccount(context.get("identity"));
    const { name, duration, read_only: readOnly } = context.req.valid("json");
    const asked = { name, readOnly, days: duration === -1 ? null : duration };
    const token = await access.createAccessToken(context.get("actor"), accountId, asked);
    context.header("Location", `/api/v2.0/users/current/tokens/${token.id}`);
    return context.json({ ...shownToken(token), secret: token.secret }, 201);
  });

  app.openapi(needing(options, accessTokens.list), async (context) => {
    const query = context.req.valid("query");
    const tokens = await access.listAccessTokens(context.get("identity").accountId ?? 0);
    return paged(context, query, pageOf(tokens.map(shownToken), query));
  });

  app.openapi(needing(options, accessTokens.revoke), async (context) => {
    const { token_id: id } = context.req.valid("param");
    const { accountId } = context.get("identity");
    const revoked = await access.revokeAccessToken(context.get("actor"), accountId ?? 0, id);
    if (revoked) return context.body(null, 200);
    throw new RegistryError("NOT_FOUND", `you have no token ${id}`);
  });
}

function shownToken(token: AccessToken) {
  return {
    id: token.id,
    name: token.name,
    read_only: token.readOnly,
    creation_time: token.createdAt.toISOString(),
    expiration_time: token.expiresAt?.toISOString() ?? null,
    last_used_time: token.usedAt?.toISOString() ?? null,
  };
}
