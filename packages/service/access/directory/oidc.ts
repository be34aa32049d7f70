import type { Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { LRUCache } from "lru-cache";
import * as client from "openid-client";
import type { SecretBox } from "../secret-box.ts";
import type { Vouched } from "./directory-accounts.ts";
import { isEndpoint, type OidcSettings, oidcSettings } from "./oidc-settings.ts";
import { vouchedClaims } from "./oidc-claims.ts";
import { type Refreshed, refreshed } from "./oidc-refresh.ts";

/** Fetches over HTTP, only where that is allowed; `insecure` takes any certificate. */
export type DirectoryFetch = (
  url: string,
  request: client.CustomFetchOptions,
  insecure: boolean,
) => Promise<Response>;

/** Logging in by a browser at a provider. Source: OpenID Connect Core 1.0 §3.1. */
export interface Oidc {
  /**
   * Where the browser is to go, and what it must bring along when it comes back to `callback`, for
   * a cookie. `returnTo` is where it goes then. Throws UNAVAILABLE, PRECONDITION if none is set up.
   */
  begin(
    callback: string,
    returnTo: string,
  ): Promise<{ readonly url: string; readonly kept: string }>;

  /**
   * Whom the provider vouches for, by the address that the browser came back to and what `begin`
   * had it keep, and what the provider is asked with later on, if it gave that. Counts once. Throws
   * UNAUTHORIZED for what does not fit together or is too old, FORBIDDEN if the provider refuses,
   * UNAVAILABLE.
   */
  finish(cameTo: URL, kept: string | null): Promise<Finished>;

  /** See `refreshed`. */
  refresh(refreshToken: string, externalId: string): Promise<Refreshed | null>;

  /** Where the browser signs out at the provider; null if there is no such place. */
  signOut(returnTo: string): Promise<string | null>;

  /** Reads what a provider says of itself. Throws BAD_REQUEST, UNAVAILABLE. */
  ping(endpoint: string, verifyCert: boolean): Promise<void>;
}

/** A login that the provider has ended well. */
export interface Finished {
  readonly vouched: Vouched;
  readonly refreshToken: string | null;
  readonly returnTo: string;
}

/** What it is opened with. */
export interface OidcOptions {
  readonly settings: Pick<Settings, "get">;
  readonly box: SecretBox;
  readonly fetch: DirectoryFetch;
  readonly clock: () => number;
}

interface Kept {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const CONTEXT = "oidc-login";
/** What makes a provider give refresh tokens. Source: OpenID Connect Core 1.0 §11. */
const OFFLINE = "offline_access";
const LOGIN_MS = 10 * 60_000;
const TIMEOUT_S = 10;
const KNOWN_MS = 10 * 60_000;

/** Opens it. What a provider says of itself is remembered for ten minutes. */
export function openOidc({ settings, box, fetch, clock }: OidcOptions): Oidc {
  const configurations = new LRUCache<string, Promise<client.Configuration>>({
    max: 4,
    ttl: KNOWN_MS,
  });

  function configured(oidc: OidcSettings): Promise<client.Configuration> {
    if (oidc.endpoint === "" || oidc.clientId === "") {
      throw new RegistryError(
        "PRECONDITION",
        "no OpenID Connect provider is set up; an administrator sets oidc_endpoint, " +
          "oidc_client_id and oidc_client_secret",
      );
    }
    const key = JSON.stringify(oidc);
    const known = configurations.get(key);
    if (known) return known;
    const found = configurationOf(oidc, fetch);
    configurations.set(key, found);
    found.catch(() => configurations.delete(key));
    return found;
  }

  return {
    ...entering({ settings, box, clock, configured }),
    refresh: (...asked) => refreshed({ settings, configured, telling }, ...asked),

    async signOut(returnTo) {
      const oidc = oidcSettings(settings);
      if (!oidc.logout) return null;
      const configuration = await configured(oidc);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      const parameters = { post_logout_redirect_uri: returnTo };
      return client.buildEndSessionUrl(configuration, parameters).href;
    },

    async ping(endpoint, verifyCert) {
      if (!isEndpoint(endpoint)) {
        throw new RegistryError("BAD_REQUEST", "the provider's address must begin with https://");
      }
      await discover(endpoint, "ping", { fetch, insecure: !verifyCert });
    },
  };
}

interface Entering extends Pick<OidcOptions, "settings" | "box" | "clock"> {
  configured(oidc: OidcSettings): Promise<client.Configuration>;
}

/** The way there and back. */
function entering(options: Entering): Pick<Oidc, "begin" | "finish"> {
  const { settings, box, clock, configured } = options;
  const used = new LRUCache<string, true>({ max: 10_000, ttl: LOGIN_MS });
  return {
    async begin(callback, returnTo) {
      const oidc = oidcSettings(settings);
      const configuration = await configured(oidc);
      const kept: Kept = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        returnTo,
        until: clock() + LOGIN_MS,
      };
      const url = client.buildAuthorizationUrl(configuration, {
        ...oidc.extraParameters,
        redirect_uri: callback,
        scope: scopeOf(oidc, configuration),
        state: kept.state,
        nonce: kept.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(kept.verifier),
        code_challenge_method: "S256",
      });
      const sealed = box.seal(JSON.stringify(kept), CONTEXT).toString("base64url");
      return { url: url.href, kept: sealed };
    },

    async finish(cameTo, sealed) {
      const kept = openKept(box, sealed);
      if (!kept || kept.until < clock() || used.has(kept.state)) throw beginAgain();
      const oidc = oidcSettings(settings);
      const configuration = await configured(oidc);
      used.set(kept.state, true);
      const tokens = await telling(() =>
        client.authorizationCodeGrant(configuration, cameTo, {
          pkceCodeVerifier: kept.verifier,
          expectedState: kept.state,
          expectedNonce: kept.nonce,
          idTokenExpected: true,
        }),
      );
      const own = tokens.claims()!;
      const asked =
        configuration.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await telling(() => client.fetchUserInfo(configuration, tokens.access_token, own.sub));
      const claims = { ...asked, ...own };
      const refreshToken = tokens.refresh_token ?? null;
      return { vouched: vouchedClaims(oidc, claims), refreshToken, returnTo: kept.returnTo };
    },
  };
}

/** Of a provider that says what it offers, offline access is asked only if that is among it. */
function scopeOf({ scope }: OidcSettings, configuration: client.Configuration): string {
  const offered = configuration.serverMetadata().scopes_supported ?? [OFFLINE];
  if (offered.includes(OFFLINE)) return scope;
  return scope
    .split(" ")
    .filter((one) => one !== OFFLINE)
    .join(" ");
}

async function configurationOf(
  oidc: OidcSettings,
  fetch: DirectoryFetch,
): Promise<client.Configuration> {
  const { clientId, clientSecret, endpoint } = oidc;
  const told = { fetch, insecure: !oidc.verifyCert };
  const metadata = (await discover(endpoint, clientId, told)).serverMetadata();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const authentication =
    clientSecret === ""
      ? client.None()
      : methods.includes("client_secret_basic")
        ? client.ClientSecretBasic(clientSecret)
        : client.ClientSecretPost(clientSecret);
  const configuration = new client.Configuration(metadata, clientId, {}, authentication);
  return reached(configuration, endpoint, told);
}

interface Reaching {
  readonly fetch: DirectoryFetch;
  readonly insecure: boolean;
}

/** What the provider says of itself. Source: OpenID Connect Discovery 1.0 §4. */
async function discover(
  endpoint: string,
  clientId: string,
  told: Reaching,
): Promise<client.Configuration> {
  const server = new URL(endpoint);
  return telling(() =>
    client.discovery(server, clientId, undefined, undefined, {
      [client.customFetch]: (url, request) => told.fetch(url, request, told.insecure),
      timeout: TIMEOUT_S,
      execute: server.protocol === "http:" ? [client.allowInsecureRequests] : [],
    }),
  );
}

function reached(
  configuration: client.Configuration,
  endpoint: string,
  { fetch, insecure }: Reaching,
): client.Configuration {
  configuration[client.customFetch] = (url, request) => fetch(url, request, insecure);
  configuration.timeout = TIMEOUT_S;
  if (endpoint.startsWith("http:")) client.allowInsecureRequests(configuration);
  return configuration;
}

/** What went wrong with the provider, for the person who wants to log in. */
async function telling<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    if (cause instanceof client.AuthorizationResponseError) {
      const why = cause.error_description ?? cause.error;
      const message = `the provider did not let you in: ${JSON.stringify(why.slice(0, 200))}`;
      throw new RegistryError("FORBIDDEN", message, { cause });
    }
    if (cause instanceof client.ResponseBodyError && cause.error === "invalid_grant") {
      throw beginAgain(cause);
    }
    const { code } = cause as { code?: unknown };
    if (MISFITS.has(String(code))) throw beginAgain(cause);
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the OpenID Connect provider cannot be asked: ${why}; try again in a moment`;
    throw new RegistryError("UNAVAILABLE", message, { cause });
  }
}

/** What the browser brought does not fit what it was given, or the provider's answer does not. */
const MISFITS: ReadonlySet<string> = new Set([
  "OAUTH_INVALID_RESPONSE",
  "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
]);

function beginAgain(cause?: unknown): RegistryError {
  return new RegistryError(
    "UNAUTHORIZED",
    "this login does not fit together, is too old or has been used already; begin it again",
    { cause },
  );
}

function openKept(box: SecretBox, sealed: string | null): Kept | null {
  if (sealed === null || sealed.length > 4_096) return null;
  try {
    return JSON.parse(box.open(Buffer.from(sealed, "base64url"), CONTEXT)) as Kept;
  } catch {
    return null;
  }
}
