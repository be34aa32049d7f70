import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";
import { User } from "./users.ts";

const { body, done, errors, json, needs, page } = contract;
const tags = ["session"];

/** A name and a password. */
export const SignIn = z
  .object({ username: z.string().min(1).max(255), password: z.string().max(1_024) })
  .openapi("SignIn");

/**
 * Who is signed in. `csrf_token` goes into the header `X-Entrepot-CSRF` of everything but GET and
 * HEAD; it is empty, and `session_id` null, for a caller that needs none (Basic).
 */
export const CurrentSession = z
  .object({ session_id: z.int().nullable(), csrf_token: z.string(), user: User })
  .openapi("CurrentSession");
export type CurrentSession = z.infer<typeof CurrentSession>;

/** Somebody signed in by a browser. `last_seen_time` is to the minute. */
export const Session = z
  .object({
    id: z.int(),
    user_id: z.int(),
    username: z.string(),
    creation_time: contract.Time,
    last_seen_time: contract.Time,
    expiration_time: contract.Time.openapi({ description: "The latest; unused it ends sooner." }),
    user_agent: z.string(),
    address: z.string(),
    current: z.boolean().openapi({ description: "The one that this request comes by." }),
  })
  .openapi("Session");
export type Session = z.infer<typeof Session>;

/** A session's id, or `current`. */
const SessionId = z.union([z.literal("current"), contract.Id]);

/** The routes of sessions: signing in and out with a cookie. */
export const sessions = {
  create: createRoute({
    method: "post",
    path: "/api/v2.0/sessions",
    summary: "Signs in: sets a cookie",
    description: "With the password: neither a personal access token nor a robot signs in.",
    tags,
    ...needs("anyone"),
    request: { body: body(SignIn) },
    responses: { 200: json(CurrentSession, "Signed in."), ...errors(400) },
  }),

  list: createRoute({
    method: "get",
    path: "/api/v2.0/sessions",
    summary: "Sessions",
    description: "One's own, newest first, or as a system admin anybody's.",
    tags,
    ...needs("account"),
    request: { query: PageQuery.extend({ user_id: contract.Id.optional() }) },
    responses: { 200: page(Session, "One page of sessions."), ...errors(422) },
  }),

  current: createRoute({
    method: "get",
    path: "/api/v2.0/sessions/current",
    summary: "The caller, and what its changes need",
    tags,
    ...needs("account"),
    responses: { 200: json(CurrentSession, "The caller."), ...errors() },
  }),

  revoke: createRoute({
    method: "delete",
    path: "/api/v2.0/sessions/{session_id}",
    summary: "Ends a session; `current` signs out",
    description: "One's own, or as a system admin anybody's.",
    tags,
    ...needs("account"),
    request: { params: z.object({ session_id: SessionId }) },
    responses: { 200: done, ...errors(404) },
  }),

  revokeOthers: createRoute({
    method: "delete",
    path: "/api/v2.0/sessions",
    summary: "Ends all of one's sessions but the current one",
    tags,
    ...needs("account"),
    responses: { 200: done, ...errors() },
  }),
};
