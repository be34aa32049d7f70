import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { json, needs, text } = contract;
const tags = ["system"];

/** What everybody is told at the moment; ours, with Harbor's `banner_message` beside it. */
export const ShownAnnouncement = z
  .object({
    message: z.string(),
    /** Chinese; empty: as `message`. */
    message_zh: z.string(),
    severity: z.enum(["success", "info", "warning", "danger"]),
    closable: z.boolean(),
    until: contract.Time.nullable(),
  })
  .openapi("Announcement");
export type ShownAnnouncement = z.infer<typeof ShownAnnouncement>;

/**
 * What this registry is. `entrepot_registry_id` (a UUID) and `entrepot_version` are ours, by which
 * two Entrepots know each other; `harbor_version` is the Harbor whose API this is.
 */
export const SystemInfo = z
  .object({
    harbor_version: z.string(),
    entrepot_version: z.string(),
    entrepot_registry_id: z.string(),
    registry_url: z.string(),
    external_url: z.string(),
    auth_mode: z.string(),
    primary_auth_mode: z.boolean(),
    oidc_provider_name: z.string(),
    project_creation_restriction: z.enum(["everyone", "adminonly"]),
    self_registration: z.boolean(),
    has_ca_root: z.boolean(),
    read_only: z.boolean(),
    banner_message: z.string(),
    announcement: ShownAnnouncement.nullable(),
    notification_enable: z.boolean(),
    registry_storage_provider_name: z.string(),
    current_time: contract.Time,
  })
  .partial()
  .required({ auth_mode: true, harbor_version: true })
  .openapi("GeneralInfo");
export type SystemInfo = z.infer<typeof SystemInfo>;

/** Whether everything works, part by part. `error` says what does not. */
export const Health = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    components: z.array(
      z.object({
        name: z.string(),
        status: z.enum(["healthy", "unhealthy"]),
        error: z.string().optional(),
      }),
    ),
  })
  .openapi("OverallHealthStatus");
export type Health = z.infer<typeof Health>;

/** Counts of what the caller may see; storage in bytes. */
export const Statistics = z
  .object({
    private_project_count: z.int(),
    private_repo_count: z.int(),
    public_project_count: z.int(),
    public_repo_count: z.int(),
    total_project_count: z.int(),
    total_repo_count: z.int(),
    total_storage_consumption: z.int(),
  })
  .openapi("Statistic");
export type Statistics = z.infer<typeof Statistics>;

/** The routes about the registry itself. */
export const system = {
  version: createRoute({
    method: "get",
    path: "/api/version",
    summary: "The API's version, by which clients know a Harbor",
    tags,
    ...needs("anyone"),
    responses: { 200: json(z.object({ version: z.literal("v2.0") }), "The version.") },
  }),

  ping: createRoute({
    method: "get",
    path: "/api/v2.0/ping",
    summary: "Pong",
    tags,
    ...needs("anyone"),
    responses: { 200: text("Pong") },
  }),

  health: createRoute({
    method: "get",
    path: "/api/v2.0/health",
    summary: "Whether everything works",
    tags,
    ...needs("anyone"),
    responses: { 200: json(Health, "Whether everything works.") },
  }),

  info: createRoute({
    method: "get",
    path: "/api/v2.0/systeminfo",
    summary: "What this registry is; more of it for those signed in",
    tags,
    ...needs("anyone"),
    responses: { 200: json(SystemInfo, "What it is.") },
  }),

  statistics: createRoute({
    method: "get",
    path: "/api/v2.0/statistics",
    summary: "Counts of what the caller may see",
    tags,
    ...needs("anyone"),
    responses: { 200: json(Statistics, "The counts.") },
  }),
};
