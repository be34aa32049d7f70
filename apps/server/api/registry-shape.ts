import type { RegistryEndpoint } from "@entrepot/api";
import type { Endpoint, EndpointOptions, EndpointSettings } from "@entrepot/replication";

/** An endpoint of which nothing has been said yet. */
export const EMPTY: EndpointSettings = {
  name: "new",
  description: "",
  type: "harbor",
  url: "",
  credentialType: "basic",
  accessKey: "",
  insecure: false,
  caCertificate: "",
  options: {},
};

/** What is said of an endpoint; what is absent or null stays as it was. */
export interface EndpointChange {
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly url?: string | null | undefined;
  readonly credential_type?: string | null | undefined;
  readonly access_key?: string | null | undefined;
  readonly access_secret?: string | null | undefined;
  readonly insecure?: boolean | null | undefined;
  readonly ca_certificate?: string | null | undefined;
  readonly proxy?: string | null | undefined;
  readonly proxy_username?: string | null | undefined;
  readonly proxy_password?: string | null | undefined;
  readonly concurrency?: number | null | undefined;
  readonly bytes_per_second?: number | null | undefined;
}

/** `before` with what `change` gives; a secret stays unless given, or nobody is left to have it. */
export function changed(before: EndpointSettings, change: EndpointChange): EndpointSettings {
  const options = changedOptions(before.options, change);
  return {
    name: change.name ?? before.name,
    description: change.description ?? before.description,
    type: before.type,
    url: change.url ?? before.url,
    credentialType: change.credential_type ?? before.credentialType,
    accessKey: change.access_key ?? before.accessKey,
    accessSecret: change.access_secret ?? undefined,
    insecure: change.insecure ?? before.insecure,
    caCertificate: change.ca_certificate ?? before.caCertificate,
    options,
    proxyPassword: change.proxy_password ?? (options.proxyUsername ? undefined : ""),
  };
}

/** An empty text and a 0 take back what was set; without its proxy a user name is none. */
function changedOptions(before: EndpointOptions, change: EndpointChange): EndpointOptions {
  const proxy = change.proxy ?? before.proxy;
  const proxyUsername = change.proxy_username ?? (proxy ? before.proxyUsername : undefined);
  const concurrency = change.concurrency ?? before.concurrency;
  const bytesPerSecond = change.bytes_per_second ?? before.bytesPerSecond;
  return {
    ...(proxy && { proxy }),
    ...(proxyUsername && { proxyUsername }),
    ...(concurrency && { concurrency }),
    ...(bytesPerSecond && { bytesPerSecond }),
  };
}

/** An endpoint as Harbor shows it. */
export function shown(endpoint: Endpoint): RegistryEndpoint {
  return {
    id: endpoint.id,
    name: endpoint.name,
    description: endpoint.description,
    type: endpoint.type,
    url: endpoint.url,
    credential: {
      type: endpoint.credentialType,
      access_key: endpoint.accessKey,
      access_secret: endpoint.hasSecret ? "*****" : "",
    },
    insecure: endpoint.insecure,
    ca_certificate: endpoint.caCertificate,
    proxy: endpoint.options.proxy ?? "",
    proxy_username: endpoint.options.proxyUsername ?? "",
    proxy_password: endpoint.hasProxyPassword ? "*****" : "",
    concurrency: endpoint.options.concurrency ?? 0,
    bytes_per_second: endpoint.options.bytesPerSecond ?? 0,
    status: endpoint.status,
    status_text: endpoint.statusText,
    ...(endpoint.checkedAt && { check_time: endpoint.checkedAt.toISOString() }),
    ...(endpoint.peerId && { entrepot_registry_id: endpoint.peerId }),
    creation_time: endpoint.createdAt.toISOString(),
    update_time: endpoint.updatedAt.toISOString(),
  };
}

/** An endpoint as who may use but not change it sees it: id, name, type and status. */
export function outlined({ id, name, type, status }: RegistryEndpoint): RegistryEndpoint {
  return {
    id,
    name,
    type,
    status,
    description: "",
    url: "",
    credential: { type: "", access_key: "", access_secret: "" },
    insecure: false,
    ca_certificate: "",
    proxy: "",
    proxy_username: "",
    proxy_password: "",
    concurrency: 0,
    bytes_per_second: 0,
  };
}
