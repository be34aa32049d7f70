import { z } from "@hono/zod-openapi";
import { Time } from "./contract.ts";

/** A label: `scope` g for the whole registry (then `project_id` is 0), p for one project. */
export const Label = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    color: z.string(),
    scope: z.enum(["g", "p"]),
    project_id: z.int(),
    creation_time: Time,
    update_time: Time,
  })
  .openapi("Label");
export type Label = z.infer<typeof Label>;
