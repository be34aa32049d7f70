import { type ApiClient, type ApiClientOptions, clientOf } from "./client-of.ts";
import { routes } from "./routes.ts";

export { RegistryError } from "@entrepot/oci/error";
export { ApiError } from "./api-error.ts";
export type { ApiClient, ApiClientOptions, Call, Reply } from "./client-of.ts";
export type { InputOf, OutputOf } from "./route-types.ts";

/** `clientOf` all routes. */
export function apiClient(options: ApiClientOptions): ApiClient {
  return clientOf(routes, options);
}
