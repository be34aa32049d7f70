export { endpointFetch } from "./endpoint-fetch.ts";
export type { EndpointFetch, EndpointFetchOptions } from "./endpoint-fetch.ts";
export type { ExchangeReport } from "./exchange.ts";
export { handlerFetch } from "./fetch.ts";
export type { Fetch, FetchRequest, FetchResponse } from "./fetch.ts";
export { remoteRegistry } from "./remote-registry.ts";
export type { RemoteRegistry, RemoteRegistryOptions } from "./remote-registry.ts";
export type { Credential } from "./tokens.ts";
