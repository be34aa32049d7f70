import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { errors, needs } = contract;

/** A name that has changed: an event `change`. */
export const ChangeEvent = z
  .object({
    kind: z.string(),
    key: z.string(),
    seq: z.int(),
    at: contract.Time,
    deleted: z.boolean(),
    /** What the change was part of; by it a change can be undone. */
    cause: z.string(),
  })
  .openapi("ChangeEvent");
export type ChangeEvent = z.infer<typeof ChangeEvent>;

/** An execution that has begun or ended: an event `execution`. */
export const ExecutionEvent = z
  .object({
    id: z.int(),
    vendor: z.string(),
    vendor_id: z.int(),
    status: z.enum(["Running", "Success", "Error", "Stopped"]),
    at: contract.Time,
  })
  .openapi("ExecutionEvent");
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;

/** What happens, as it happens. */
export const eventStream = {
  follow: createRoute({
    method: "get",
    path: "/api/v2.0/events/stream",
    summary: "Tells what changes, as it changes, for pages that refresh themselves",
    description:
      "Server-sent events: `change` (a ChangeEvent; its id is its seq), `execution` (an " +
      "ExecutionEvent, without an id), `ready` once at the beginning, and `reset` where " +
      "something cannot be told: read again what is shown. Only what the caller may see. It " +
      "ends after a while, and begins anew after Last-Event-ID.",
    tags: ["events"],
    ...needs("account"),
    request: {
      query: z.object({
        project: z.string().min(1).optional(),
        /** As Last-Event-ID, for those who cannot send it. */
        after: z.coerce.number().int().min(0).optional(),
      }),
    },
    responses: {
      200: {
        description: "The events.",
        content: { "text/event-stream": { schema: z.string() } },
      },
      ...errors(422),
    },
  }),
};
