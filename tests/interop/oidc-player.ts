import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration, type Interaction } from "oidc-provider";

/** Somebody the provider knows. Claims are as it tells them. */
export interface Person {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** A real OpenID Connect provider on this machine, whose people log in without being asked. */
export interface OidcPlayer {
  readonly issuer: string;
  readonly settings: Readonly<Record<string, string | boolean>>;
  /** Who logs in next; null refuses consent. */
  person: Person | null;
  /** Everybody who has logged in, by `sub`, as claims tell of them. */
  readonly people: Map<string, Person>;
  /** Those that the provider does not have any more, by `sub`. */
  readonly removed: Set<string>;
  /** Whether it answers 503 to everything. */
  isDown: boolean;
  /** How often it was asked with a refresh token; each of them counts once. */
  refreshes: number;
  close(): Promise<void>;
}

const CLIENT = { id: "entrepot", secret: "a secret of client and provider" };

/** Runs the provider; it sends browsers back to `callback` and nowhere else. */
export async function runOidcPlayer(callback: string): Promise<OidcPlayer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const player: Pick<OidcPlayer, "person" | "people" | "removed" | "isDown" | "refreshes"> = {
    person: null,
    people: new Map(),
    removed: new Set(),
    isDown: false,
    refreshes: 0,
  };
  const provider = new Provider(issuer, configuration(callback, player));
  const answer = provider.callback();

  server.on("request", (request, response) => {
    if (player.isDown) return void response.writeHead(503).end();
    if (!request.url?.startsWith("/interaction/")) return void answer(request, response);
    void (async () => {
      const { person } = player;
      if (person) player.people.set(person.sub, person);
      const details = await provider.interactionDetails(request, response);
      const result =
        person === null
          ? { error: "access_denied", error_description: "the person said no" }
          : details.prompt.name === "login"
            ? { login: { accountId: person.sub } }
            : { consent: { grantId: await granted(provider, details) } };
      await provider.interactionFinished(request, response, result, {
        mergeWithLastSubmission: true,
      });
    })().catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });

  return Object.assign(player, {
    issuer,
    settings: {
      oidc_name: "The provider",
      oidc_endpoint: issuer,
      oidc_client_id: CLIENT.id,
      oidc_client_secret: CLIENT.secret,
      oidc_scope: "openid,profile,email,groups,offline_access",
      oidc_groups_claim: "groups",
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  });
}

function configuration(
  callback: string,
  player: Pick<OidcPlayer, "people" | "removed" | "refreshes">,
): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [callback],
        response_types: ["code"],
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ["only for this test"] },
    claims: {
      openid: ["sub"],
      profile: ["preferred_username", "name"],
      email: ["email"],
      groups: ["groups"],
    },
    scopes: ["openid", "profile", "email", "groups", "offline_access"],
    rotateRefreshToken: () => {
      player.refreshes += 1;
      return true;
    },
    features: { devInteractions: { enabled: false } },
    findAccount: async (_: unknown, sub: string) =>
      player.removed.has(sub)
        ? undefined
        : { accountId: sub, claims: async () => ({ ...player.people.get(sub), sub }) },
  };
}

/** Everything that is asked for. */
async function granted(provider: Provider, { params, session }: Interaction): Promise<string> {
  const grant = new provider.Grant({
    accountId: session!.accountId,
    clientId: String(params["client_id"]),
  });
  grant.addOIDCScope(String(params["scope"]));
  return grant.save();
}
