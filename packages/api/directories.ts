import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { UserGroup } from "./user-groups.ts";

const { body, done, errors, json, needs } = contract;

/** A person of the directory. Source: Harbor API v2.0 `LdapUser`. */
export const LdapUser = z
  .object({ username: z.string(), realname: z.string(), email: z.string() })
  .openapi("LdapUser");
export type LdapUser = z.infer<typeof LdapUser>;

/** How trying out the directory went. */
export const LdapPing = z
  .object({ success: z.boolean(), message: z.string() })
  .openapi("LdapPingResult");

/** Somebody who could not be imported, with why. */
export const LdapFailure = z
  .object({ uid: z.string(), error: z.string() })
  .openapi("LdapFailedImportUser");
export type LdapFailure = z.infer<typeof LdapFailure>;

const ldapTags = ["ldap"];
const BOUNDED = z.string().max(1_024);

/** Settings to be tried out instead of those that are stored. */
export const LdapTry = z
  .object({
    ldap_url: BOUNDED.optional(),
    ldap_search_dn: BOUNDED.optional(),
    ldap_search_password: BOUNDED.optional(),
    ldap_base_dn: BOUNDED.optional(),
    ldap_filter: BOUNDED.optional(),
    ldap_uid: BOUNDED.optional(),
    ldap_scope: z.int().min(0).max(2).optional(),
    ldap_verify_cert: z.boolean().optional(),
    ldap_start_tls: z.boolean().optional(),
    ldap_ca_certificate: z.string().max(100_000).optional(),
  })
  .openapi("LdapConf");

/** The LDAP routes. */
export const ldap = {
  ping: createRoute({
    method: "post",
    path: "/api/v2.0/ldap/ping",
    summary: "Tries out the directory",
    tags: ldapTags,
    ...needs("system"),
    request: { body: { required: false, content: { "application/json": { schema: LdapTry } } } },
    responses: { 200: json(LdapPing, "How it went."), ...errors(400) },
  }),

  users: createRoute({
    method: "get",
    path: "/api/v2.0/ldap/users/search",
    summary: "Finds people of the directory",
    tags: ldapTags,
    ...needs("system"),
    request: { query: z.object({ username: z.string().default("") }) },
    responses: { 200: json(z.array(LdapUser), "At most 100 people."), ...errors() },
  }),

  import: createRoute({
    method: "post",
    path: "/api/v2.0/ldap/users/import",
    summary: "Makes accounts of people of the directory",
    description: "Repeating is safe. Source: Harbor; those that failed are told in a 404.",
    tags: ldapTags,
    ...needs("system"),
    request: {
      body: body(
        z
          .object({ ldap_uid_list: z.array(z.string()).min(1).max(1_000) })
          .openapi("LdapImportUsers"),
      ),
    },
    responses: {
      200: done,
      404: json(z.array(LdapFailure), "Those that could not be imported."),
      ...errors(400),
    },
  }),

  groups: createRoute({
    method: "get",
    path: "/api/v2.0/ldap/groups/search",
    summary: "Finds groups of the directory",
    tags: ldapTags,
    ...needs("system"),
    request: {
      query: z.object({ groupname: z.string().default(""), groupdn: z.string().default("") }),
    },
    responses: {
      200: json(z.array(UserGroup), "At most 100 groups; their id is 0."),
      ...errors(),
    },
  }),
};

/** The OpenID Connect routes. */
export const oidc = {
  ping: createRoute({
    method: "post",
    path: "/api/v2.0/system/oidc/ping",
    summary: "Tries out an OpenID Connect provider",
    tags: ["oidc"],
    ...needs("system"),
    request: {
      body: body(
        z
          .object({ url: z.string().max(1_024), verify_cert: z.boolean().default(true) })
          .openapi("OIDCPing"),
      ),
    },
    responses: { 200: done, ...errors(400) },
  }),

  cliSecret: createRoute({
    method: "put",
    path: "/api/v2.0/users/{user_id}/cli_secret",
    summary: "Gives an account of OpenID Connect another CLI secret",
    description: "One's own, or as a system admin anybody's. Without one it is made.",
    tags: ["user"],
    ...needs("account"),
    request: {
      params: z.object({ user_id: contract.Id }),
      body: body(z.object({ secret: z.string().max(128).default("") }).openapi("OIDCCliSecretReq")),
    },
    responses: { 200: done, ...errors(400, 404, 412) },
  }),
};
