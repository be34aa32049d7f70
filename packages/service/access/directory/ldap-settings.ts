import type { KnownSetting, Settings } from "@entrepot/catalog";

/** How a directory is reached and read. Fields are Harbor's settings without `ldap_`. */
export interface LdapSettings {
  readonly url: string;
  readonly startTls: boolean;
  readonly verifyCert: boolean;
  /** PEM; empty: the system's. */
  readonly caCertificate: string;
  readonly timeoutMs: number;
  /** Who searches; empty: nobody in particular. */
  readonly searchDn: string;
  readonly searchPassword: string;
  readonly baseDn: string;
  readonly filter: string;
  readonly scope: LdapScope;
  /** The attribute that is the username. */
  readonly uid: string;
  /** Empty: whatever groups an entry says that it is in. */
  readonly groupBaseDn: string;
  readonly groupFilter: string;
  readonly groupScope: LdapScope;
  /** The attribute that names a group. */
  readonly groupName: string;
  /** The attribute of an entry that lists its groups. */
  readonly membership: string;
  readonly nestedGroups: boolean;
  readonly groupAdminDn: string;
}

/** How deep a search goes. Source: RFC 4511 §4.5.1.2. */
export type LdapScope = "base" | "one" | "sub";

const SCOPES: readonly LdapScope[] = ["base", "one", "sub"];
const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9;-]{0,63}$/;

const isAttribute = (value: string) =>
  ATTRIBUTE.test(value) ? null : "expected the name of an attribute, as uid or sAMAccountName";

/** A filter is refused where it is entered if its brackets cannot be right. */
const isFilter = (value: string) =>
  value === "" || /^\(.+\)$/s.test(value) ? null : "expected a filter in brackets, as (a=b)";

type Wrong = NonNullable<KnownSetting<string>["wrong"]>;

function text(name: string, initial: string, help: string, wrong?: Wrong): KnownSetting<string> {
  return { name, type: "string", initial, help, ...(wrong && { wrong }) };
}

function depth(name: string, help: string): KnownSetting<number> {
  return { name, type: "number", initial: 2, least: 0, most: 2, help };
}

function flag(name: string, initial: boolean, help: string): KnownSetting<boolean> {
  return { name, type: "boolean", initial, help };
}

const URL_OF = text(
  "ldap_url",
  "",
  "where the directory is: ldaps://host[:636] or ldap://host[:389]",
  (value) =>
    value === "" || /^ldaps?:\/\/(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?\/?$/.test(value)
      ? null
      : "expected ldaps://host or ldap://host, with a port if you like",
);
const SEARCH_DN = text("ldap_search_dn", "", "who searches the directory; empty: anonymous");
const SEARCH_PASSWORD: KnownSetting<string> = {
  name: "ldap_search_password",
  type: "secret",
  initial: "",
  help: "the password of ldap_search_dn",
};
const BASE_DN = text("ldap_base_dn", "", "below it are the people who may log in");
const FILTER = text("ldap_filter", "", "which of them, as (objectClass=person)", isFilter);
const UID = text("ldap_uid", "cn", "the attribute that is the username", isAttribute);
const SCOPE = depth("ldap_scope", "how deep below ldap_base_dn: 0 itself, 1 one level, 2 all");
const TIMEOUT: KnownSetting<number> = {
  name: "ldap_timeout",
  type: "number",
  initial: 5,
  least: 1,
  most: 60,
  help: "seconds that the directory may take to answer",
};
const VERIFY_CERT = flag("ldap_verify_cert", true, "whether its certificate must be good");
const START_TLS = flag("ldap_start_tls", false, "encrypt an ldap:// connection before its use");
const CA_CERTIFICATE: KnownSetting<string> = {
  name: "ldap_ca_certificate",
  type: "string",
  initial: "",
  longest: 100_000,
  help: "the authority (PEM) that its certificate is checked by; empty: the system's",
  wrong: (value) =>
    value === "" || value.includes("-----BEGIN CERTIFICATE-----") ? null : "expected PEM",
};
const GROUP_BASE_DN = text("ldap_group_base_dn", "", "below it are the groups that count");
const GROUP_FILTER = text(
  "ldap_group_search_filter",
  "",
  "which of them, as (objectClass=groupOfNames)",
  isFilter,
);
const GROUP_NAME = text(
  "ldap_group_attribute_name",
  "cn",
  "the attribute that is a group's name",
  isAttribute,
);
const GROUP_SCOPE = depth(
  "ldap_group_search_scope",
  "how deep below ldap_group_base_dn: 0 itself, 1 one level, 2 all",
);
const GROUP_ADMIN_DN = text(
  "ldap_group_admin_dn",
  "",
  "members of this group are system administrators",
);
const MEMBERSHIP = text(
  "ldap_group_membership_attribute",
  "memberof",
  "the attribute that lists the groups of a person",
  isAttribute,
);
const NESTED = flag("ldap_group_nested", false, "whether groups in groups count, as in AD");

/** The rows of the table of settings that LDAP has. Source: Harbor's names, where it has them. */
export const LDAP_SETTINGS: readonly KnownSetting[] = [
  URL_OF,
  SEARCH_DN,
  SEARCH_PASSWORD,
  BASE_DN,
  FILTER,
  UID,
  SCOPE,
  TIMEOUT,
  VERIFY_CERT,
  START_TLS,
  CA_CERTIFICATE,
  GROUP_BASE_DN,
  GROUP_FILTER,
  GROUP_NAME,
  GROUP_SCOPE,
  GROUP_ADMIN_DN,
  MEMBERSHIP,
  NESTED,
];

/** What decides where the searcher's password goes, and who can read it on the way. */
const WAY: readonly KnownSetting[] = [URL_OF, START_TLS, VERIFY_CERT, CA_CERTIFICATE];

/**
 * What is set now. `given` are values by name that count instead, for trying them out. The password
 * that is set goes only where and how it is set to go: for another way it has to be given, too.
 */
export function ldapSettings(
  settings: Pick<Settings, "get">,
  given: Readonly<Record<string, unknown>> = {},
): LdapSettings {
  const get = <T extends boolean | number | string>(known: KnownSetting<T>): T =>
    (given[known.name] ?? settings.get(known)) as T;
  const otherWay = WAY.some((known) => get(known) !== settings.get(known));
  const hasPassword = !otherWay || given[SEARCH_PASSWORD.name] !== undefined;
  return {
    url: get(URL_OF),
    startTls: get(START_TLS),
    verifyCert: get(VERIFY_CERT),
    caCertificate: get(CA_CERTIFICATE),
    timeoutMs: get(TIMEOUT) * 1_000,
    searchDn: get(SEARCH_DN),
    searchPassword: hasPassword ? get(SEARCH_PASSWORD) : "",
    baseDn: get(BASE_DN),
    filter: get(FILTER),
    scope: SCOPES[get(SCOPE)] ?? "sub",
    uid: get(UID),
    groupBaseDn: get(GROUP_BASE_DN),
    groupFilter: get(GROUP_FILTER),
    groupScope: SCOPES[get(GROUP_SCOPE)] ?? "sub",
    groupName: get(GROUP_NAME),
    membership: get(MEMBERSHIP),
    nestedGroups: get(NESTED),
    groupAdminDn: get(GROUP_ADMIN_DN),
  };
}
