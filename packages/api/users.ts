import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery, PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["user"];
const byId = { params: z.object({ user_id: contract.Id }) };

/** A user as shown; never with a password. */
export const User = z
  .object({
    user_id: z.int(),
    username: z.string(),
    email: z.string(),
    realname: z.string(),
    comment: z.string(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z.boolean().openapi({ description: "By a group of the directory." }),
    source: z.enum(["local", "ldap", "oidc"]).openapi({ description: "Who keeps its password." }),
    oidc_user_meta: z
      .object({
        user_id: z.int(),
        subiss: z.string(),
        secret: z
          .string()
          .optional()
          .openapi({ description: "For docker login; to itself alone." }),
      })
      .optional(),
    rights: z.array(z.string()).openapi({ description: "In the whole registry; ours." }),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("UserResp");
export type User = z.infer<typeof User>;

const Comment = z.string().max(1_000);

/** What a user is created with. */
export const NewUser = z
  .object({
    username: z.string().min(1).max(255),
    password: z.string(),
    email: z.string().default(""),
    realname: z.string().default(""),
    comment: Comment.default(""),
  })
  .openapi("UserCreationReq");
export type NewUser = z.infer<typeof NewUser>;

/** What a user says of itself. What is absent stays. */
export const UserProfile = z
  .object({
    email: z.string().max(255).optional(),
    realname: z.string().max(255).optional(),
    comment: Comment.optional(),
  })
  .openapi("UserProfile");

/** A user as anybody may find it. */
export const UserFound = z
  .object({ user_id: z.int(), username: z.string() })
  .openapi("UserSearchRespItem");

/** Something that may be done. Source: Harbor API v2.0 `Permission`. */
export const Permission = z
  .object({ resource: z.string(), action: z.string() })
  .openapi("Permission");

/** Rights in the whole registry, `resource:action` or `resource:*`. */
export const UserRights = z.object({ rights: z.array(z.string()).max(200) }).openapi("UserRights");

/** A new password; the old one is needed from everybody but a system admin. */
export const PasswordChange = z
  .object({ old_password: z.string().optional(), new_password: z.string() })
  .openapi("PasswordReq");

/** Fields that `q` can filter users by. */
export const USER_FIELDS = { username: "text", email: "text", user_id: "number" } as const;

/** The user routes. */
export const users = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/users",
    summary: "Users",
    tags,
    ...needs("system:user:list"),
    request: { query: ListQuery },
    responses: { 200: page(User, "One page of users."), ...errors(400, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/users",
    summary: "Creates a user",
    tags,
    ...needs("system:user:create"),
    request: { body: body(NewUser) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  current: createRoute({
    method: "get",
    path: "/api/v2.0/users/current",
    summary: "The caller",
    tags,
    ...needs("account"),
    responses: { 200: json(User, "The caller."), ...errors() },
  }),

  permissions: createRoute({
    method: "get",
    path: "/api/v2.0/users/current/permissions",
    summary: "What the caller may do in a project or in the whole registry",
    tags,
    ...needs("account"),
    request: {
      query: z.object({
        scope: z.string().default("").openapi({
          description:
            "`/project/{project_id}`, or `/system` for the whole registry; else nothing.",
        }),
        relative: contract.flag(false),
      }),
    },
    responses: { 200: json(z.array(Permission), "What it may do."), ...errors() },
  }),

  search: createRoute({
    method: "get",
    path: "/api/v2.0/users/search",
    summary: "Users by a part of their names",
    tags,
    ...needs("account"),
    request: { query: PageQuery.extend({ username: z.string().min(1) }) },
    responses: { 200: page(UserFound, "One page of users."), ...errors(422) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/users/{user_id}",
    summary: "Changes a user's address, full name and comment",
    description:
      "One's own, or with the right user:update those who have no right beyond one's own.",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(UserProfile) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/users/{user_id}",
    summary: "A user",
    description: "Oneself, or as a system admin anybody.",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(User, "The user."), ...errors(404) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/users/{user_id}",
    summary: "Deletes a user",
    tags,
    ...needs("system:user:delete"),
    request: byId,
    responses: { 200: done, ...errors(404, 412) },
  }),

  changePassword: createRoute({
    method: "put",
    path: "/api/v2.0/users/{user_id}/password",
    summary: "Changes a password",
    description: "One's own, or as a system admin anybody's.",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(PasswordChange) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  setRights: createRoute({
    method: "put",
    path: "/api/v2.0/users/{user_id}/rights",
    summary: "Gives a user rights in the whole registry, these and no others",
    tags,
    ...needs("system"),
    request: { ...byId, body: body(UserRights) },
    responses: { 200: json(UserRights, "The rights, `*` spelled out."), ...errors(400, 404) },
  }),

  setSysadmin: createRoute({
    method: "put",
    path: "/api/v2.0/users/{user_id}/sysadmin",
    summary: "Makes a user a system admin, or ends that",
    tags,
    ...needs("system"),
    request: { ...byId, body: body(z.object({ sysadmin_flag: z.boolean() })) },
    responses: { 200: done, ...errors(404, 412) },
  }),
};
