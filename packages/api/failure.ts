import { z } from "@hono/zod-openapi";

/**
 * Why the last attempt failed, told apart by what is to be done about it. `exchange` is the HTTP
 * exchange that caused it, secrets removed; its status is 0 if there was no answer.
 */
export const Failure = z
  .object({
    kind: z.enum([
      "network",
      "auth",
      "quota",
      "rate",
      "source_gone",
      "target_refuses",
      "integrity",
      "unknown",
    ]),
    message: z.string(),
    remedy: z.string(),
    exchange: z
      .object({ method: z.string(), url: z.string(), status: z.int(), body: z.string() })
      .nullable(),
  })
  .openapi("ReplicationFailure");
export type Failure = z.infer<typeof Failure>;
