import { z } from "@hono/zod-openapi";
import type { Right } from "./right.ts";

/** A point in time, RFC 3339 in UTC. */
export const Time = z.iso.datetime({ offset: true });

/** What every failed request is answered with. Source: Harbor API v2.0 `Errors`. */
export const Errors = z
  .object({ errors: z.array(z.object({ code: z.string(), message: z.string() })) })
  .openapi("Errors");
export type Errors = z.infer<typeof Errors>;

const REASONS = {
  400: "Malformed request.",
  401: "Not signed in.",
  403: "Not allowed.",
  404: "Not found.",
  409: "Exists already.",
  412: "In the way: something still depends on it.",
  422: "A parameter is out of bounds.",
} as const;

/** A status that routes list as a failure. */
export type ErrorStatus = keyof typeof REASONS;

/**
 * Responses for failures. Typed as none, since handlers throw `RegistryError` instead of returning
 * them; the document lists them all the same.
 */
export function errors(...statuses: ErrorStatus[]): {} {
  const all = new Set<ErrorStatus>([401, 403, ...statuses]);
  const content = { "application/json": { schema: Errors } };
  return Object.fromEntries(
    [...all].map((status) => [status, { description: REASONS[status], content }]),
  );
}

/** A JSON answer. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A list with a page's headers; see `linkHeader`. */
export function page<S extends z.ZodType>(item: S, description: string) {
  return {
    description,
    headers: z.object({
      "X-Total-Count": z.string().openapi({ description: "Items on all pages." }),
      Link: z.string().openapi({ description: "Paths of the next and the previous page." }),
    }),
    content: { "application/json": { schema: z.array(item) } },
  };
}

/** Plain text. */
export function text(description: string) {
  return { description, content: { "text/plain": { schema: z.string() } } };
}

/** 201 without a body; `Location` ends in the new thing's id. */
export const created = {
  description: "Created.",
  headers: z.object({ Location: z.string() }),
};

/** 200 without a body. */
export const done = { description: "Done." };

/** A request's JSON body. */
export function body<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** What a route says about who may call it. */
export function needs<R extends Right>(right: R) {
  const security: Record<string, string[]>[] = [{ basic: [] }];
  if (right === "anyone") security.unshift({});
  return { "x-right": right, security };
}

/** An id in a path. */
export const Id = z.coerce.number().int().positive();

/** A flag in a query, as Go's clients write it. Another spelling is refused. */
export function flag(initial: boolean) {
  return z
    .string()
    .regex(/^(?:true|false|1|0|t|f)$/i, "expected true or false")
    .transform((value) => /^[1t]/i.test(value))
    .default(initial)
    .openapi({ type: "boolean" });
}

/** A project in a path: its name, or its id (a name if the header `X-Is-Resource-Name` is true). */
export const ProjectParams = z.object({ project_name_or_id: z.string().min(1) });

/** Settles what a project of digits is: its name. Source: Harbor API v2.0. */
export const ProjectHeaders = z.object({
  "x-is-resource-name": z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "Whether the path's project is a name even if it is a number." }),
});

/**
 * A repository's name without its project, in a path. Names may hold slashes: clients encode them
 * once (`a%2Fb`) or twice (`a%252Fb`, Harbor's own clients); both arrive here as `a/b`.
 */
export const RepositoryName = z
  .string()
  .min(1)
  .transform((name, context) => {
    try {
      return decodeURIComponent(name);
    } catch {
      context.issues.push({ code: "custom", message: "malformed escape", input: name });
      return z.NEVER;
    }
  })
  .openapi({ type: "string", description: "Without the project; slashes encoded twice." });

/** A repository in a path. */
export const RepositoryParams = z.object({
  project_name: z.string().min(1),
  repository_name: RepositoryName,
});

/** An artifact in a path, by tag or digest. */
export const ArtifactParams = RepositoryParams.extend({ reference: z.string().min(1) });
