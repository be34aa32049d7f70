import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import type { EndpointAddress, EndpointOptions, SecretBox } from "./ports.ts";

/** What can be said of an endpoint; a secret undefined in an update keeps the sealed one. */
export interface EndpointSettings {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly url: string;
  readonly credentialType: string;
  readonly accessKey: string;
  readonly accessSecret?: string | undefined;
  readonly insecure: boolean;
  readonly caCertificate: string;
  readonly options: EndpointOptions;
  readonly proxyPassword?: string | undefined;
}

/** The secrets of an endpoint in the clear; empty where it has none. */
export type EndpointSecrets = Required<Pick<EndpointAddress, "accessSecret" | "proxyPassword">>;

/** A stored endpoint. Its secrets are not part of it. */
export interface Endpoint extends Omit<EndpointSettings, keyof EndpointSecrets> {
  readonly id: number;
  readonly hasSecret: boolean;
  readonly hasProxyPassword: boolean;
  readonly status: "healthy" | "unhealthy";
  /** Why it is unhealthy. */
  readonly statusText: string;
  /** The other Entrepot's registry id, where it is one and has been reached. */
  readonly peerId: string | null;
  /** When it was last asked how it is; null if never. */
  readonly checkedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A stored endpoint as the table has it. */
export type EndpointRow = Selectable<Database["registry_endpoint"]>;

/** The types of registries that can be told of. */
export const ENDPOINT_TYPES = [
  "harbor",
  "entrepot",
  "docker-registry",
  "docker-hub",
  "oci-layout",
] as const;

/** Throws BAD_REQUEST for settings that do not do, saying which and why. */
export function checkEndpoint(settings: EndpointSettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (settings.name.trim() === "" || settings.name.length > 64) {
    throw wrong("a registry endpoint needs a name of 1 to 64 characters");
  }
  if (!ENDPOINT_TYPES.some((type) => type === settings.type)) {
    const known = ENDPOINT_TYPES.join(", ");
    throw wrong(`endpoint type ${JSON.stringify(settings.type)} is not known; choose ${known}`);
  }
  if (settings.type === "oci-layout") checkLayoutUrl(settings.url);
  else checkUrl(settings.url);
  checkEndpointOptions(settings.options);
  checkProxyAccount(settings);
}

function checkUrl(text: string): void {
  const wrong = (why: string) => new RegistryError("BAD_REQUEST", why);
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw wrong(`url ${JSON.stringify(text)} is not an http:// or https:// address`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw wrong("an endpoint's url holds no user name, query or fragment; use the credential");
  }
}

function checkLayoutUrl(text: string): void {
  const url = URL.parse(text);
  const params = [...(url?.searchParams.keys() ?? [])];
  const isFile = url?.protocol === "file:" && url.host === "" && url.hash === "";
  if (isFile && params.every((name) => name === "repository")) return;
  throw new RegistryError(
    "BAD_REQUEST",
    `url ${JSON.stringify(text)} is no layout's: give file:///folder or file:///file.tar, and ` +
      "where it holds one repository by plain tags ?repository=project/name",
  );
}

function checkEndpointOptions({ proxy, concurrency, bytesPerSecond }: EndpointOptions): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (proxy !== undefined) {
    const url = URL.parse(proxy);
    if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
      throw wrong(`proxy ${JSON.stringify(proxy)} is not an http:// or https:// address`);
    }
    // Options are shown and journalled: no place for a password.
    if (url.username || url.password) {
      throw wrong("a proxy's address holds no user name; give proxy_username and proxy_password");
    }
    if (url.pathname !== "/" || url.search || url.hash) {
      throw wrong("a proxy's address is http://host:port, without a path");
    }
  }
  const isCount = (n: number | undefined, max: number) =>
    n === undefined || (Number.isInteger(n) && n >= 0 && n <= max);
  if (!isCount(concurrency, 1_000)) {
    throw wrong(`an endpoint's concurrency must be a whole number from 0 (no limit) to 1000`);
  }
  if (!isCount(bytesPerSecond, Number.MAX_SAFE_INTEGER)) {
    throw wrong("an endpoint's bytes_per_second must be a whole number; 0 is no limit");
  }
}

function checkProxyAccount({ options, proxyPassword }: EndpointSettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  const { proxy, proxyUsername } = options;
  if (proxyPassword && !proxyUsername) {
    throw wrong("a proxy_password needs a proxy_username");
  }
  if (proxyUsername === undefined) return;
  if (proxy === undefined) throw wrong("a proxy_username needs a proxy");
  // Source: RFC 7617 §2.
  if (/[:\p{Cc}]/u.test(proxyUsername) || /\p{Cc}/u.test(proxyPassword ?? "")) {
    throw wrong("a proxy_username holds no colon, and neither it nor the password line breaks");
  }
}

/** What each secret is bound to: its endpoint, and which of its secrets it is. */
const contextsOf = (id: number) => ({
  accessSecret: `endpoint:${id}`,
  proxyPassword: `endpoint:${id}:proxy`,
});

/** The columns of endpoint `id` that its secrets fill: sealed, null where there is none. */
export function sealedSecrets(box: SecretBox, id: number, secrets: Partial<EndpointSecrets>) {
  const contexts = contextsOf(id);
  const sealed = (name: keyof EndpointSecrets) =>
    secrets[name] ? box.seal(secrets[name], contexts[name]) : null;
  return {
    access_secret_sealed: sealed("accessSecret"),
    proxy_password_sealed: sealed("proxyPassword"),
  };
}

/** The endpoint's secrets in the clear. */
export function secretsOf(box: SecretBox, row: EndpointRow): EndpointSecrets {
  const contexts = contextsOf(row.id);
  const opened = (sealed: Buffer | null, context: string) =>
    sealed ? box.open(sealed, context) : "";
  return {
    accessSecret: opened(row.access_secret_sealed, contexts.accessSecret),
    proxyPassword: opened(row.proxy_password_sealed, contexts.proxyPassword),
  };
}

/**
 * The secrets that go with `settings` of what is stored as `row`: those given, else those stored.
 * Throws BAD_REQUEST for a stored one that would go to a new address, or through a new proxy.
 */
export function secretsFor(
  box: SecretBox,
  settings: EndpointSettings,
  row: EndpointRow,
): EndpointSecrets {
  const stored = secretsOf(box, row);
  const { proxy } = settings.options;
  const isNewProxy = proxy !== undefined && proxy !== row.options["proxy"];
  const isNewUrl = row.url !== valuesOf(settings).url;
  const kept = (name: keyof EndpointSecrets, changes: string | false) => {
    if (stored[name] === "" || !changes) return stored[name];
    const field = name === "accessSecret" ? "access_secret" : "proxy_password";
    const why = `give ${field} again when the ${changes} changes`;
    throw new RegistryError("BAD_REQUEST", `${why}: a stored secret goes to no new address`);
  };
  const changes = isNewUrl ? "URL" : isNewProxy && "proxy";
  return {
    accessSecret: settings.accessSecret ?? kept("accessSecret", changes),
    proxyPassword: settings.proxyPassword ?? kept("proxyPassword", isNewProxy && "proxy"),
  };
}

/** Where to connect, and with what. */
export function addressOf(settings: EndpointSettings, secrets: EndpointSecrets): EndpointAddress {
  const { type, accessKey, insecure, caCertificate, options } = settings;
  const url = settings.url.replace(/\/+$/, "");
  return { type, url, accessKey, insecure, caCertificate, options, ...secrets };
}

/** The columns that settings fill, the secrets excepted. */
export function valuesOf(settings: EndpointSettings) {
  return {
    name: settings.name,
    description: settings.description,
    type: settings.type,
    url: settings.url.replace(/\/+$/, ""),
    credential_type: settings.credentialType,
    access_key: settings.accessKey,
    insecure: settings.insecure,
    ca_certificate: settings.caCertificate,
    options: JSON.stringify(settings.options),
  };
}

/** A row as an endpoint. */
export function endpointOf(row: EndpointRow): Endpoint {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    url: row.url,
    credentialType: row.credential_type,
    accessKey: row.access_key,
    hasSecret: row.access_secret_sealed !== null,
    hasProxyPassword: row.proxy_password_sealed !== null,
    insecure: row.insecure,
    caCertificate: row.ca_certificate,
    options: row.options as EndpointOptions,
    status: row.status as Endpoint["status"],
    statusText: row.status_text,
    peerId: row.peer_id,
    checkedAt: row.checked_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** CONFLICT for a name that another endpoint has. */
export function nameTaken(name: string): RegistryError {
  return new RegistryError("CONFLICT", `a registry endpoint named '${name}' exists`);
}
