import type { KnownSetting, Settings } from "@entrepot/catalog";

/** How an OpenID Connect provider is used. Fields are Harbor's settings without `oidc_`. */
export interface OidcSettings {
  /** What people know it by. */
  readonly name: string;
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As the provider wants them, `openid` among them. */
  readonly scope: string;
  /** Empty: no groups. */
  readonly groupsClaim: string;
  readonly adminGroup: string;
  /** A regular expression that groups must match; empty: all count. */
  readonly groupFilter: string;
  /** Empty: `preferred_username`, or what is like it. */
  readonly userClaim: string;
  readonly autoOnboard: boolean;
  readonly verifyCert: boolean;
  readonly extraParameters: Readonly<Record<string, string>>;
  /** Whether signing out here means signing out there. */
  readonly logout: boolean;
}

const NAME: KnownSetting<string> = {
  name: "oidc_name",
  type: "string",
  initial: "",
  help: "what people know the provider by, on the button to log in",
};
const ENDPOINT: KnownSetting<string> = {
  name: "oidc_endpoint",
  type: "string",
  initial: "",
  help: "the provider's issuer: what stands before /.well-known/openid-configuration",
  wrong: (value) => (value === "" || isEndpoint(value) ? null : "expected https://…"),
};
const CLIENT_ID: KnownSetting<string> = {
  name: "oidc_client_id",
  type: "string",
  initial: "",
  help: "what the provider calls this registry",
};
const CLIENT_SECRET: KnownSetting<string> = {
  name: "oidc_client_secret",
  type: "secret",
  initial: "",
  help: "the secret that goes with oidc_client_id",
};
const SCOPE: KnownSetting<string> = {
  name: "oidc_scope",
  type: "string",
  initial: "openid,profile,email,offline_access",
  help:
    "what is asked of the provider, joined by commas; openid must be among it, and with " +
    "offline_access removal there is noticed here",
  wrong: (value) =>
    scopesOf(value).includes("openid") ? null : "expected openid among others, joined by commas",
};
const GROUPS_CLAIM: KnownSetting<string> = {
  name: "oidc_groups_claim",
  type: "string",
  initial: "",
  help: "the claim that lists a person's groups; empty: none",
};
const ADMIN_GROUP: KnownSetting<string> = {
  name: "oidc_admin_group",
  type: "string",
  initial: "",
  help: "members of this group are system administrators",
};
const GROUP_FILTER: KnownSetting<string> = {
  name: "oidc_group_filter",
  type: "string",
  initial: "",
  help: "a regular expression: only groups that match it count; empty: all",
  wrong(value) {
    try {
      const filter = new RegExp(value, "u");
      return filter.unicode ? null : "expected a regular expression";
    } catch {
      return "expected a regular expression";
    }
  },
};
const USER_CLAIM: KnownSetting<string> = {
  name: "oidc_user_claim",
  type: "string",
  initial: "",
  help: "the claim that is the username; empty: preferred_username, or name",
};
const AUTO_ONBOARD: KnownSetting<boolean> = {
  name: "oidc_auto_onboard",
  type: "boolean",
  initial: true,
  help: "whether a first login makes an account; else only people who have one are let in",
};
const VERIFY_CERT: KnownSetting<boolean> = {
  name: "oidc_verify_cert",
  type: "boolean",
  initial: true,
  help: "whether the provider's certificate must be good",
};
const EXTRA: KnownSetting<string> = {
  name: "oidc_extra_redirect_parms",
  type: "string",
  initial: "",
  help: 'what is added to the address that people are sent to, as {"prompt":"login"}',
  wrong: (value) => (parameters(value) ? null : "expected a JSON object of texts"),
};
const LOGOUT: KnownSetting<boolean> = {
  name: "oidc_logout",
  type: "boolean",
  initial: false,
  help: "whether signing out here means signing out at the provider",
};

/** The rows of the table of settings that OpenID Connect has. Source: Harbor's names. */
export const OIDC_SETTINGS: readonly KnownSetting[] = [
  NAME,
  ENDPOINT,
  CLIENT_ID,
  CLIENT_SECRET,
  SCOPE,
  GROUPS_CLAIM,
  ADMIN_GROUP,
  GROUP_FILTER,
  USER_CLAIM,
  AUTO_ONBOARD,
  VERIFY_CERT,
  EXTRA,
  LOGOUT,
];

/** What is set now. */
export function oidcSettings(settings: Pick<Settings, "get">): OidcSettings {
  return {
    name: settings.get(NAME) || "OIDC",
    endpoint: settings.get(ENDPOINT),
    clientId: settings.get(CLIENT_ID),
    clientSecret: settings.get(CLIENT_SECRET),
    scope: scopesOf(settings.get(SCOPE)).join(" "),
    groupsClaim: settings.get(GROUPS_CLAIM),
    adminGroup: settings.get(ADMIN_GROUP),
    groupFilter: settings.get(GROUP_FILTER),
    userClaim: settings.get(USER_CLAIM),
    autoOnboard: settings.get(AUTO_ONBOARD),
    verifyCert: settings.get(VERIFY_CERT),
    extraParameters: parameters(settings.get(EXTRA)) ?? {},
    logout: settings.get(LOGOUT),
  };
}

/** Whether a provider may be there: by HTTPS, or unencrypted on this very machine. */
export function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  if (!url || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
}

function scopesOf(value: string): string[] {
  return value.split(/[\s,]+/).filter((scope) => scope !== "");
}

function parameters(value: string): Record<string, string> | null {
  if (value.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
    const entries = Object.entries(parsed);
    return entries.every(([, one]) => typeof one === "string") ? Object.fromEntries(entries) : null;
  } catch {
    return null;
  }
}
