import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["usergroup"];
const byId = { params: z.object({ group_id: contract.Id }) };

const GroupType = z.union([z.literal(1), z.literal(3)]).openapi({
  type: "integer",
  description: "1 LDAP, 3 OpenID Connect. Source: Harbor.",
});

/** A group of a directory that can be a member of projects. */
export const UserGroup = z
  .object({
    id: z.int(),
    group_name: z.string(),
    group_type: z.int().openapi({ description: "1 LDAP, 3 OpenID Connect." }),
    ldap_group_dn: z.string(),
  })
  .openapi("UserGroup");
export type UserGroup = z.infer<typeof UserGroup>;

/** A group to be named. */
export const NewUserGroup = z
  .object({
    group_name: z.string(),
    group_type: GroupType,
    ldap_group_dn: z.string().default(""),
  })
  .openapi("UserGroupReq");
export type NewUserGroup = z.infer<typeof NewUserGroup>;

/** What everybody may read of a group. */
export const UserGroupFound = z
  .object({ id: z.int(), group_name: z.string(), group_type: z.int() })
  .openapi("UserGroupSearchItem");

/** The user group routes. */
export const userGroups = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/usergroups",
    summary: "User groups",
    tags,
    ...needs("system"),
    request: {
      query: PageQuery.extend({
        group_name: z.string().optional(),
        ldap_group_dn: z.string().optional(),
      }),
    },
    responses: { 200: page(UserGroup, "One page of groups."), ...errors(422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/usergroups",
    summary: "Names a group of a directory",
    tags,
    ...needs("system"),
    request: { body: body(NewUserGroup) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  search: createRoute({
    method: "get",
    path: "/api/v2.0/usergroups/search",
    summary: "Finds groups by name",
    tags,
    ...needs("account"),
    request: { query: PageQuery.extend({ groupname: z.string().default("") }) },
    responses: { 200: page(UserGroupFound, "One page of groups."), ...errors(422) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/usergroups/{group_id}",
    summary: "A user group",
    tags,
    ...needs("system"),
    request: byId,
    responses: { 200: json(UserGroup, "The group."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/usergroups/{group_id}",
    summary: "Calls a user group otherwise",
    tags,
    ...needs("system"),
    request: { ...byId, body: body(z.object({ group_name: z.string() })) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/usergroups/{group_id}",
    summary: "Deletes a user group with its memberships",
    tags,
    ...needs("system"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),
};
