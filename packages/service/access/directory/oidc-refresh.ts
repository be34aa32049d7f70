import type { Settings } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import * as client from "openid-client";
import { type OidcSettings, oidcSettings } from "./oidc-settings.ts";
import { vouchedClaims } from "./oidc-claims.ts";
import type { Vouched } from "./directory-accounts.ts";

/** What a provider says of somebody it let in before. */
export interface Refreshed {
  /** As it is told now; null where the answer does not say it all. */
  readonly vouched: Vouched | null;
  /** What it is to be asked with from now on; null: with the same. */
  readonly refreshToken: string | null;
}

/** What asking needs. */
export interface Asking {
  readonly settings: Pick<Settings, "get">;
  configured(oidc: OidcSettings): Promise<client.Configuration>;
  /** Runs a request, and tells in our words what went wrong with it. */
  telling<T>(ask: () => Promise<T>): Promise<T>;
}

/**
 * Asks the provider with `refreshToken` about the person of `externalId` (issuer and subject). Null
 * if it lets the person in no more. Throws UNAVAILABLE if it cannot be asked, or is another one: no
 * provider is given what is of another. Source: OpenID Connect Core 1.0 §12, RFC 6749 §5.2.
 */
export async function refreshed(
  { settings, configured, telling }: Asking,
  refreshToken: string,
  externalId: string,
): Promise<Refreshed | null> {
  const oidc = oidcSettings(settings);
  const configuration = await configured(oidc);
  const { issuer, userinfo_endpoint: userinfo } = configuration.serverMetadata();
  const [from = "", subject = ""] = externalId.split(/ (.*)/s);
  if (from !== issuer) {
    const message = `the account is of the provider ${from}, and ${issuer} is set up now`;
    throw new RegistryError("UNAVAILABLE", message);
  }
  const tokens = await telling(async () => {
    try {
      return await client.refreshTokenGrant(configuration, refreshToken);
    } catch (error) {
      if (error instanceof client.ResponseBodyError && error.error === "invalid_grant") return null;
      throw error;
    }
  });
  if (tokens === null) return null;
  const own = tokens.claims();
  if (own && own.sub !== subject) return null;
  const asked =
    userinfo === undefined
      ? {}
      : // What was given is kept, whatever comes of this.
        await telling(() =>
          client.fetchUserInfo(configuration, tokens.access_token, subject),
        ).catch(() => null);
  const next = { refreshToken: tokens.refresh_token ?? null };
  if (asked === null) return { ...next, vouched: null };
  // Some providers tell groups in the first token alone: silence takes nobody's away.
  const isWhole = own !== undefined || oidc.groupsClaim in asked;
  const claims = { iss: issuer, sub: subject, ...asked, ...own };
  return { ...next, vouched: isWhole ? vouchedOrNull(oidc, claims) : null };
}

/** A claim that is missing keeps nobody out who is in: at the next login it is told. */
function vouchedOrNull(
  oidc: OidcSettings,
  claims: Readonly<Record<string, unknown>>,
): Vouched | null {
  try {
    return vouchedClaims(oidc, claims);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "FORBIDDEN") return null;
    throw error;
  }
}
