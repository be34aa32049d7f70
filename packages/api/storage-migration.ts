import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { errors, json, needs } = contract;
const tags = ["system"];
const path = "/api/v2.0/system/storage/migration";

/**
 * How far moving the storage is. `configured`: there is an old storage, which is read from. The
 * rest is of the newest run, and absent if there was none: `moved` counts the blobs that are in the
 * new storage, `damaged` those whose bytes in the old one are not what their names say.
 */
export const StorageMigration = z
  .object({
    configured: z.boolean(),
    execution_id: z.int().optional(),
    status: z.enum(["Running", "Success", "Error", "Stopped"]).optional(),
    status_text: z.string().optional(),
    moved: z.int().optional(),
    bytes_sent: z.int().optional(),
    damaged: z.int().optional(),
    start_time: contract.Time.optional(),
    end_time: contract.Time.optional(),
  })
  .openapi("StorageMigration");
export type StorageMigration = z.infer<typeof StorageMigration>;

/** The routes about moving the storage to another place: ours. */
export const storageMigration = {
  start: createRoute({
    method: "post",
    path,
    summary: "Copies what lies in the old storage to the new one; one run at a time",
    tags,
    ...needs("system"),
    responses: { 200: json(StorageMigration, "The run, begun or under way."), ...errors(412) },
  }),

  status: createRoute({
    method: "get",
    path,
    summary: "How far moving the storage is",
    tags,
    ...needs("system"),
    responses: { 200: json(StorageMigration, "How far it is.") },
  }),
};
