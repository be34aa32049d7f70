import type { NewRegistry, RegistryChange, RegistryEndpoint, RegistryPing } from "@entrepot/api";

/** An endpoint as it is written in the form. Secrets are empty unless they are typed anew. */
export interface EndpointDraft {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly url: string;
  readonly accessKey: string;
  readonly accessSecret: string;
  /** Whether the server's certificate is looked at. */
  readonly verify: boolean;
  readonly caCertificate: string;
  readonly proxy: string;
  readonly proxyUsername: string;
  readonly proxyPassword: string;
  /** 0 is no limit. */
  readonly concurrency: number;
  /** 0 is no limit. */
  readonly bytesPerSecond: number;
}

/** The types of endpoints that a form offers, commonest first. */
export const TYPES = ["entrepot", "harbor", "docker-registry", "docker-hub", "oci-layout"] as const;

/** An endpoint of which nothing is said yet. */
export const NEW_ENDPOINT: EndpointDraft = {
  name: "",
  description: "",
  type: "entrepot",
  url: "",
  accessKey: "",
  accessSecret: "",
  verify: true,
  caCertificate: "",
  proxy: "",
  proxyUsername: "",
  proxyPassword: "",
  concurrency: 0,
  bytesPerSecond: 0,
};

/** A stored endpoint, to be changed. */
export function draftOf(endpoint: RegistryEndpoint): EndpointDraft {
  return {
    name: endpoint.name,
    description: endpoint.description,
    type: endpoint.type,
    url: endpoint.url,
    accessKey: endpoint.credential.access_key,
    accessSecret: "",
    verify: !endpoint.insecure,
    caCertificate: endpoint.ca_certificate,
    proxy: endpoint.proxy,
    proxyUsername: endpoint.proxy_username,
    proxyPassword: "",
    concurrency: endpoint.concurrency,
    bytesPerSecond: endpoint.bytes_per_second,
  };
}

function sharedOf(draft: EndpointDraft) {
  const proxy = draft.proxy.trim();
  const username = proxy === "" ? "" : draft.proxyUsername.trim();
  const password = username === "" ? "" : draft.proxyPassword || undefined;
  return {
    name: draft.name.trim(),
    description: draft.description,
    url: draft.url.trim(),
    insecure: !draft.verify,
    ca_certificate: draft.caCertificate.trim(),
    proxy,
    proxy_username: username,
    ...(password !== undefined && { proxy_password: password }),
    concurrency: draft.concurrency,
    bytes_per_second: draft.bytesPerSecond,
  };
}

/** What creates the endpoint of `draft`. */
export function newRegistry(draft: EndpointDraft): NewRegistry {
  const { type, accessKey, accessSecret } = draft;
  const credential = { access_key: accessKey.trim(), access_secret: accessSecret };
  return { ...sharedOf(draft), type, credential };
}

/** What changes a stored endpoint to `draft`. Without a user name the secret goes, too. */
export function changeOf(draft: EndpointDraft): RegistryChange {
  const accessKey = draft.accessKey.trim();
  const secret = accessKey === "" ? "" : draft.accessSecret || undefined;
  return {
    ...sharedOf(draft),
    access_key: accessKey,
    ...(secret !== undefined && { access_secret: secret }),
  };
}

/** What tries `draft`, in the place of the stored endpoint `id` if there is one. */
export function pingOf(draft: EndpointDraft, id: number | null): RegistryPing {
  const { name: _, description: __, ...change } = changeOf(draft);
  return { ...change, type: draft.type, ...(id !== null && { id }) };
}

/** Whether the secret has to be typed again: a stored one goes to no new address. */
export function needsSecret(draft: EndpointDraft, stored: RegistryEndpoint | null): boolean {
  if (!stored || draft.accessKey.trim() === "" || draft.accessSecret !== "") return false;
  const isNewUrl = draft.url.trim().replace(/\/+$/, "") !== stored.url;
  return stored.credential.access_secret !== "" && (isNewUrl || isNewProxy(draft, stored));
}

/** Whether the proxy's password has to be typed again. */
export function needsProxyPassword(draft: EndpointDraft, stored: RegistryEndpoint | null): boolean {
  if (!stored || draft.proxyUsername.trim() === "" || draft.proxyPassword !== "") return false;
  return stored.proxy_password !== "" && isNewProxy(draft, stored);
}

function isNewProxy({ proxy }: EndpointDraft, stored: RegistryEndpoint): boolean {
  return proxy.trim() !== "" && proxy.trim() !== stored.proxy;
}

const FIELDS: readonly (readonly [RegExp, keyof EndpointDraft])[] = [
  [/endpoint needs a name|endpoint named/, "name"],
  [/^url |an endpoint's url/, "url"],
  [/^give access_secret/, "accessSecret"],
  [/^a proxy's address/, "proxy"],
  [/proxy_password/, "proxyPassword"],
  [/proxy_username/, "proxyUsername"],
  [/proxy/, "proxy"],
  [/concurrency/, "concurrency"],
  [/bytes_per_second/, "bytesPerSecond"],
  [/access_secret|UNAUTHORIZED|unauthorized|credential|log ?in|password/, "accessSecret"],
  [/certificate/, "caCertificate"],
];

/** The field that a refusal of the server is about; null if it is about none, or about all. */
export function endpointFieldOf(message: string): keyof EndpointDraft | null {
  return FIELDS.find(([about]) => about.test(message))?.[1] ?? null;
}
