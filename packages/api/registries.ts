import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["registry"];
const byId = { params: z.object({ id: contract.Id }) };

/** What an endpoint is signed in to with. The secret is never shown: `*****`, or empty if unset. */
export const RegistryCredential = z
  .object({
    type: z.string().default("basic"),
    access_key: z.string().default(""),
    access_secret: z.string().default(""),
  })
  .openapi("RegistryCredential");
export type RegistryCredential = z.infer<typeof RegistryCredential>;

/**
 * A registry endpoint. Ours are `status_text` and `check_time`: why it is unhealthy, and when it
 * was last asked; `entrepot_registry_id`, which registry it is, where it is an Entrepot; `proxy`
 * (`http://host:port`, empty for none) and who it is told to be there, `proxy_username` and
 * `proxy_password` (shown as `*****`, or empty if unset); `concurrency` (tasks that may work with
 * it at a time) and `bytes_per_second` (all transfers with it together), 0 for no limit.
 */
export const RegistryEndpoint = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    type: z.string(),
    url: z.string(),
    credential: RegistryCredential,
    insecure: z.boolean(),
    ca_certificate: z.string(),
    proxy: z.string(),
    proxy_username: z.string(),
    proxy_password: z.string(),
    concurrency: z.int(),
    bytes_per_second: z.int(),
    status: z.enum(["healthy", "unhealthy"]),
    status_text: z.string().optional(),
    check_time: contract.Time.optional(),
    entrepot_registry_id: z.string().optional(),
    creation_time: contract.Time.optional(),
    update_time: contract.Time.optional(),
  })
  .openapi("Registry");
export type RegistryEndpoint = z.infer<typeof RegistryEndpoint>;

const Options = {
  proxy: z.string().nullish(),
  proxy_username: z.string().nullish(),
  proxy_password: z.string().nullish(),
  concurrency: z.int().nullish(),
  bytes_per_second: z.int().nullish(),
};

/** What an endpoint is created with. */
export const NewRegistry = z
  .object({
    name: z.string(),
    description: z.string().nullish(),
    type: z.string(),
    url: z.string(),
    credential: RegistryCredential.partial().nullish(),
    insecure: z.boolean().default(false),
    ca_certificate: z.string().nullish(),
    ...Options,
  })
  .openapi("NewRegistry");
export type NewRegistry = z.infer<typeof NewRegistry>;

/** What can be changed of an endpoint; what is absent or null stays. */
export const RegistryChange = z
  .object({
    name: z.string().nullish(),
    description: z.string().nullish(),
    url: z.string().nullish(),
    credential_type: z.string().nullish(),
    access_key: z.string().nullish(),
    access_secret: z.string().nullish(),
    insecure: z.boolean().nullish(),
    ca_certificate: z.string().nullish(),
    ...Options,
  })
  .openapi("RegistryUpdate");
export type RegistryChange = z.infer<typeof RegistryChange>;

/** An endpoint to try: a stored one by `id`, with any of its fields replaced, or a new one. */
export const RegistryPing = RegistryChange.omit({ name: true, description: true })
  .extend({ id: z.int().nullish(), type: z.string().nullish() })
  .openapi("RegistryPing");
export type RegistryPing = z.infer<typeof RegistryPing>;

/** What a registry's type can do. */
export const RegistryInfo = z
  .object({
    type: z.string(),
    description: z.string(),
    supported_resource_filters: z.array(
      z.object({ type: z.string(), style: z.string(), values: z.array(z.string()).optional() }),
    ),
    supported_triggers: z.array(z.string()),
    supported_copy_by_chunk: z.boolean(),
  })
  .openapi("RegistryInfo");
export type RegistryInfo = z.infer<typeof RegistryInfo>;

/** How a form for an endpoint of one type looks. */
export const RegistryProviderInfo = z
  .object({
    endpoint_pattern: z.object({
      endpoint_type: z.string(),
      endpoints: z.array(z.object({ key: z.string(), value: z.string() })),
    }),
    credential_pattern: z.object({
      access_key_type: z.string(),
      access_key_data: z.string(),
      access_secret_type: z.string(),
      access_secret_data: z.string(),
    }),
  })
  .openapi("RegistryProviderInfo");
export type RegistryProviderInfo = z.infer<typeof RegistryProviderInfo>;

/** Fields that `q` can filter endpoints by. */
export const REGISTRY_FIELDS = { name: "text", type: "text", url: "text" } as const;

/** The routes of registry endpoints. */
export const registries = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/registries",
    summary: "Registry endpoints",
    description: "Project administrators see id, name, type and status, for policies of their own.",
    tags,
    ...needs("account"),
    request: { query: ListQuery.extend({ name: z.string().optional() }) },
    responses: { 200: page(RegistryEndpoint, "One page of endpoints."), ...errors(400, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/registries",
    summary: "Creates an endpoint; it must answer",
    tags,
    ...needs("system:registry:create"),
    request: { body: body(NewRegistry) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  ping: createRoute({
    method: "post",
    path: "/api/v2.0/registries/ping",
    summary: "Tries an endpoint",
    tags,
    ...needs("system:registry:create"),
    request: { body: body(RegistryPing) },
    responses: { 200: { description: "It answers." }, ...errors(400, 404) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/registries/{id}",
    summary: "An endpoint",
    tags,
    ...needs("system:registry:read"),
    request: byId,
    responses: { 200: json(RegistryEndpoint, "The endpoint."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/registries/{id}",
    summary: "Changes an endpoint; it must answer",
    tags,
    ...needs("system:registry:update"),
    request: { ...byId, body: body(RegistryChange) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/registries/{id}",
    summary: "Deletes an endpoint that no policy uses",
    tags,
    ...needs("system:registry:delete"),
    request: byId,
    responses: { 200: done, ...errors(404, 412) },
  }),

  info: createRoute({
    method: "get",
    path: "/api/v2.0/registries/{id}/info",
    summary: "What an endpoint can do; 0 is this registry",
    tags,
    ...needs("account"),
    request: { params: z.object({ id: z.coerce.number().int().min(0) }) },
    responses: { 200: json(RegistryInfo, "What it can do."), ...errors(404) },
  }),

  adapters: createRoute({
    method: "get",
    path: "/api/v2.0/replication/adapters",
    summary: "Types of endpoints",
    tags,
    ...needs("system:replication-adapter:list"),
    responses: { 200: json(z.array(z.string()), "The types."), ...errors() },
  }),

  adapterInfos: createRoute({
    method: "get",
    path: "/api/v2.0/replication/adapterinfos",
    summary: "Types of endpoints, and how a form for them looks",
    tags,
    ...needs("system:replication-adapter:list"),
    responses: {
      200: json(z.record(z.string(), RegistryProviderInfo), "By type."),
      ...errors(),
    },
  }),
};
