import { RegistryError } from "@entrepot/oci";
import type { Vouched } from "./directory-accounts.ts";
import type { OidcSettings } from "./oidc-settings.ts";

const LONGEST = 255;

/**
 * Whom `claims` are about. Throws FORBIDDEN if they lack the username. Source: OpenID Connect Core
 * 1.0 §5.7: issuer and subject together, and nothing else, are one person for ever.
 */
export function vouchedClaims(
  oidc: OidcSettings,
  claims: Readonly<Record<string, unknown>>,
): Vouched {
  const text = (name: string): string => {
    const value = claims[name];
    return typeof value === "string" ? value.slice(0, LONGEST) : "";
  };
  const standard = text("preferred_username") || text("name") || text("sub");
  const username = oidc.userClaim === "" ? standard : text(oidc.userClaim);
  if (username === "") {
    throw new RegistryError(
      "FORBIDDEN",
      `the provider tells no '${oidc.userClaim}' of you, which is to be the username; an ` +
        "administrator has to change oidc_user_claim or oidc_scope",
      { detail: { login: "claim" } },
    );
  }
  const groups = groupsOf(oidc, claims);
  return {
    source: "oidc",
    externalId: `${String(claims["iss"])} ${String(claims["sub"])}`,
    username,
    email: text("email"),
    realname: text("name"),
    groups,
    isAdmin: oidc.adminGroup !== "" && groups.includes(oidc.adminGroup),
  };
}

function groupsOf(oidc: OidcSettings, claims: Readonly<Record<string, unknown>>): string[] {
  if (oidc.groupsClaim === "") return [];
  const value = claims[oidc.groupsClaim];
  const listed = Array.isArray(value) ? value : [value];
  const named = listed.filter((one): one is string => typeof one === "string" && one !== "");
  const filter = oidc.groupFilter === "" ? null : new RegExp(oidc.groupFilter, "u");
  return named.filter((name) => name.length <= LONGEST && (filter?.test(name) ?? true));
}
