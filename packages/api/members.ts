import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["member"];
const MemberParams = contract.ProjectParams.extend({ mid: contract.Id });
const headers = contract.ProjectHeaders;

/** 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest. Source: Harbor. */
export const RoleId = z.int().min(1).max(5).openapi("RoleId", {
  description: "1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest",
});

const OWN_RIGHTS = {
  grants: z.array(z.string()).max(200).optional().openapi({
    description: "What it may do beside its role, `resource:action` or `resource:*`.",
  }),
  denies: z.array(z.string()).max(200).optional().openapi({
    description: "What it may not, whatever its role.",
  }),
};

/** The role of a user or a group in a project, and rights of its own. Harbor knows roles alone. */
export const Member = z
  .object({
    id: z.int(),
    project_id: z.int(),
    entity_id: z.int(),
    entity_name: z.string(),
    entity_type: z.enum(["u", "g"]).openapi({ description: "u: a user, g: a group." }),
    role_id: RoleId,
    role_name: z.string(),
    grants: z.array(z.string()),
    denies: z.array(z.string()),
  })
  .openapi("ProjectMemberEntity");
export type Member = z.infer<typeof Member>;

/** Who is to be a member, a user or a group, and as what. */
export const NewMember = z
  .object({
    role_id: RoleId,
    ...OWN_RIGHTS,
    member_user: z
      .object({ user_id: z.int().optional(), username: z.string().optional() })
      .optional(),
    member_group: z
      .object({
        id: z.int().optional(),
        group_name: z.string().optional(),
        group_type: z.int().optional(),
        ldap_group_dn: z.string().max(1_024).optional(),
      })
      .optional()
      .openapi({
        description: "Instead of a user: a group by id, name, or what its directory calls it.",
      }),
  })
  .openapi("ProjectMember");
export type NewMember = z.infer<typeof NewMember>;

/** A member's new role; rights of its own that are absent stay as they are. */
export const MemberChange = z.object({ role_id: RoleId, ...OWN_RIGHTS }).openapi("RoleRequest");
export type MemberChange = z.infer<typeof MemberChange>;

/** The routes of a project's members. */
export const members = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/members",
    summary: "Members of a project",
    tags,
    ...needs("member:list"),
    request: {
      params: contract.ProjectParams,
      headers,
      query: PageQuery.extend({ entityname: z.string().optional() }),
    },
    responses: { 200: page(Member, "One page of members."), ...errors(404, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/projects/{project_name_or_id}/members",
    summary: "Makes a user a member",
    tags,
    ...needs("member:create"),
    request: { params: contract.ProjectParams, headers, body: body(NewMember) },
    responses: { 201: created, ...errors(400, 404, 409) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/members/{mid}",
    summary: "A member",
    tags,
    ...needs("member:read"),
    request: { params: MemberParams, headers },
    responses: { 200: json(Member, "The member."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/projects/{project_name_or_id}/members/{mid}",
    summary: "Changes a member's role",
    tags,
    ...needs("member:update"),
    request: { params: MemberParams, headers, body: body(MemberChange) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/projects/{project_name_or_id}/members/{mid}",
    summary: "Ends a membership",
    tags,
    ...needs("member:delete"),
    request: { params: MemberParams, headers },
    responses: { 200: done, ...errors(404) },
  }),
};
