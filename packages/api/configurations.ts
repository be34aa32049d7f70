import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { body, done, errors, json, needs } = contract;
const common = { tags: ["configure"], ...needs("system") };

const Value = z.union([z.boolean(), z.number(), z.string()]);

/**
 * A setting: Harbor's `value` and `editable`, and (ours) what it may be. A `secret` tells only
 * whether it is `stored`. Numbers are whole, texts have at most `longest` characters.
 */
export const Configuration = z
  .object({
    value: Value,
    editable: z.boolean(),
    /** Somebody has set it; else `value` is the initial one. */
    stored: z.boolean(),
    type: z.enum(["boolean", "number", "string", "secret"]),
    initial: Value,
    help: z.string(),
    choices: z.array(Value).optional(),
    least: z.number().optional(),
    most: z.number().optional(),
    longest: z.number().optional(),
  })
  .openapi("ConfigurationItem");
export type Configuration = z.infer<typeof Configuration>;

/** All settings, by name. */
export const Configurations = z.record(z.string(), Configuration).openapi("ConfigurationsResponse");
export type Configurations = z.infer<typeof Configurations>;

/** Values by name; null: back to the initial one. */
export const ConfigurationChange = z.record(z.string(), Value.nullable()).openapi("Configurations");
export type ConfigurationChange = z.infer<typeof ConfigurationChange>;

/** What administrators set while the server runs. Source: Harbor API v2.0 `/configurations`. */
export const configurations = {
  get: createRoute({
    method: "get",
    path: "/api/v2.0/configurations",
    summary: "All settings, with what each may be",
    ...common,
    responses: { 200: json(Configurations, "The settings, by name."), ...errors() },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/configurations",
    summary: "Changes settings: all that are given, or none",
    description: "null sets one back. A name that is not known, or a value that cannot be: 400.",
    ...common,
    request: { body: body(ConfigurationChange) },
    responses: { 200: done, ...errors(400) },
  }),
};
