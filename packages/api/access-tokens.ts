import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, done, errors, json, needs, page } = contract;
const tags = ["access token"];

/** What a personal access token is made with. */
export const NewAccessToken = z
  .object({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, "expected letters, digits, spaces and . _ -"),
    duration: z
      .union([z.literal(-1), z.int().min(1).max(3_650)])
      .default(90)
      .openapi({ description: "Days until it expires; -1: never." }),
    read_only: z.boolean().default(false).openapi({
      description: "Whether it may only read and pull; else it may what its owner may.",
    }),
  })
  .openapi("NewAccessToken");
export type NewAccessToken = z.infer<typeof NewAccessToken>;

/** A personal access token; never with its secret. `last_used_time` is to the minute. */
export const AccessToken = z
  .object({
    id: z.int(),
    name: z.string(),
    read_only: z.boolean(),
    creation_time: contract.Time,
    expiration_time: contract.Time.nullable(),
    last_used_time: contract.Time.nullable(),
  })
  .openapi("AccessToken");
export type AccessToken = z.infer<typeof AccessToken>;

/** A token that was made just now, with its secret: nobody tells it again. */
export const AccessTokenCreated = AccessToken.extend({ secret: z.string() }).openapi(
  "AccessTokenCreated",
);

/** The routes of one's own personal access tokens. */
export const accessTokens = {
  create: createRoute({
    method: "post",
    path: "/api/v2.0/users/current/tokens",
    summary: "Makes a personal access token",
    description: "It is used like the password. Whoever came by one cannot make another.",
    tags,
    ...needs("account"),
    request: { body: body(NewAccessToken) },
    responses: {
      201: json(AccessTokenCreated, "The token with its secret, which is told this once."),
      ...errors(400, 409, 412),
    },
  }),

  list: createRoute({
    method: "get",
    path: "/api/v2.0/users/current/tokens",
    summary: "One's personal access tokens",
    tags,
    ...needs("account"),
    request: { query: PageQuery },
    responses: { 200: page(AccessToken, "One page of tokens, by name."), ...errors(422) },
  }),

  revoke: createRoute({
    method: "delete",
    path: "/api/v2.0/users/current/tokens/{token_id}",
    summary: "Revokes a personal access token, at once",
    tags,
    ...needs("account"),
    request: { params: z.object({ token_id: contract.Id }) },
    responses: { 200: done, ...errors(404) },
  }),
};
