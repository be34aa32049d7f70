/** The sections of the settings, in their order, and which settings each has. */
export const SECTIONS = {
  general: /^(?:read_only|project_creation_restriction|storage_per_project)$/,
  announcement: null,
  "sign-in": /^(?:auth_mode|primary_auth_mode|self_registration|session_|password_)/,
  ldap: /^ldap_/,
  oidc: /^oidc_/,
  robots: /^(?:robot_|token_)/,
  labels: null,
  audit: /^(?:audit_|skip_audit|pull_audit)/,
} as const satisfies Record<string, RegExp | null>;

/** A section of the settings. */
export type Section = keyof typeof SECTIONS;

/** `name` as a section; the first one if it is none. */
export function sectionOf(name: string | undefined): Section {
  return name !== undefined && Object.hasOwn(SECTIONS, name) ? (name as Section) : "general";
}

/** The names of `all` that `section` shows; the general one also shows what belongs nowhere. */
export function namesIn(section: Section, all: readonly string[]): string[] {
  const belongs = (name: string) =>
    (Object.keys(SECTIONS) as Section[]).find((key) => SECTIONS[key]?.test(name)) ?? "general";
  // The announcement has a form of its own.
  return all.filter((name) => name !== "banner_message" && belongs(name) === section);
}
