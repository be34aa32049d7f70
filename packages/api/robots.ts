import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";
import { Permission } from "./users.ts";

const { body, created: made, done, errors, json, needs, page } = contract;
const tags = ["robot account"];
const byId = { params: z.object({ robot_id: contract.Id }) };

/** One thing that a robot may do, or may not. */
export const RobotAccess = z
  .object({ resource: z.string(), action: z.string(), effect: z.string().optional() })
  .openapi("Access", { description: "Of `GET /permissions`; `*` is every action." });

/** What a robot may do somewhere. */
export const RobotPermission = z
  .object({
    kind: z.string().openapi({ description: "project or system" }),
    namespace: z.string().openapi({ description: "A project's name, `*` for all; or `/`." }),
    access: z.array(RobotAccess).max(200),
  })
  .openapi("RobotPermission");

/** A robot account; its secret is told when it is made, and when it is refreshed. */
export const Robot = z
  .object({
    id: z.int(),
    name: z.string().openapi({ description: "As it logs in: robot$name, robot$project+name." }),
    description: z.string(),
    level: z.enum(["system", "project"]),
    duration: z.int().openapi({ description: "Days; -1: for ever." }),
    editable: z.boolean(),
    disable: z.boolean(),
    expires_at: z.int().openapi({ description: "Seconds since the epoch; -1: never." }),
    permissions: z.array(RobotPermission),
    creator: z.string(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("Robot");
export type Robot = z.infer<typeof Robot>;

/** What a robot is made with. */
export const NewRobot = z
  .object({
    name: z.string().openapi({ description: "Without prefix and project." }),
    description: z.string().max(1024).default(""),
    secret: z.string().optional().openapi({ description: "Made here: leave it out." }),
    level: z.enum(["system", "project"]),
    disable: z.boolean().default(false),
    duration: z.int().optional().openapi({ description: "Days; -1: for ever." }),
    permissions: z.array(RobotPermission).max(200),
  })
  .openapi("RobotCreate");
export type NewRobot = z.infer<typeof NewRobot>;

/** A robot's settings anew. Name and level are to be as they are, if they are given. */
export const RobotChange = z
  .object({
    name: z.string().optional(),
    description: z.string().max(1024).default(""),
    level: z.enum(["system", "project"]).optional(),
    disable: z.boolean().default(false),
    duration: z.int().nullish().openapi({ description: "Days from its making; -1: for ever." }),
    permissions: z.array(RobotPermission).max(200),
  })
  .openapi("RobotUpdate");
export type RobotChange = z.infer<typeof RobotChange>;

/** What making a robot answers: its secret, this once. */
export const RobotCreated = z
  .object({
    id: z.int(),
    name: z.string(),
    secret: z.string(),
    creation_time: contract.Time,
    expires_at: z.int(),
  })
  .openapi("RobotCreated");

/** A new secret: asked for, and told this once. */
export const RobotSecret = z
  .object({
    secret: z.string().optional().openapi({ description: "Made here: leave it out." }),
    overlap_minutes: z
      .int()
      .min(0)
      .max(10_080)
      .optional()
      .openapi({ description: "How long the one before goes on; ours." }),
  })
  .openapi("RobotSec");

/** Fields that `q` can filter robots by: `Level=project,ProjectID=1`; without, the system's. */
export const ROBOT_FIELDS = { Level: "text", ProjectID: "number", name: "text" } as const;

/** The routes of robot accounts. */
export const robots = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/robots",
    summary: "Robot accounts of the system, or with q=Level=project,ProjectID=1 of a project",
    tags,
    ...needs("account"),
    request: { query: ListQuery },
    responses: { 200: page(Robot, "One page of robots."), ...errors(400, 404, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/robots",
    summary: "Makes a robot account",
    description: "Nobody gives a robot more than they may do themselves.",
    tags,
    ...needs("account"),
    request: { body: body(NewRobot) },
    responses: {
      201: { ...made, ...json(RobotCreated, "Made; the secret is told this once.") },
      ...errors(400, 404, 409),
    },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/robots/{robot_id}",
    summary: "A robot account",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(Robot, "The robot."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/robots/{robot_id}",
    summary: "Changes a robot account",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(RobotChange) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  refresh: createRoute({
    method: "patch",
    path: "/api/v2.0/robots/{robot_id}",
    summary: "Gives a robot account a new secret",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(RobotSecret) },
    responses: { 200: json(RobotSecret, "The secret, this once."), ...errors(400, 404) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/robots/{robot_id}",
    summary: "Deletes a robot account",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),

  ofProject: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/robots",
    summary: "Robot accounts of a project",
    tags,
    ...needs("robot:list"),
    request: { params: contract.ProjectParams, headers: contract.ProjectHeaders, query: ListQuery },
    responses: { 200: page(Robot, "One page of robots."), ...errors(400, 404, 422) },
  }),

  permissions: createRoute({
    method: "get",
    path: "/api/v2.0/permissions",
    summary: "Every right that there is, of robots, members and users",
    tags,
    ...needs("account"),
    responses: {
      200: json(
        z.object({ system: z.array(Permission), project: z.array(Permission) }),
        "Every right.",
      ),
      ...errors(),
    },
  }),
};
