import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import type { EndpointAddress, EndpointOptions, SecretBox } from "./ports.ts";

/** What can be said of an endpoint; `accessSecret` undefined in an update keeps the sealed one. */
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
}

/** A stored endpoint. Its secret is not part of it. */
export interface Endpoint extends Omit<EndpointSettings, "accessSecret"> {
  readonly id: number;
  readonly hasSecret: boolean;
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
      throw wrong("a proxy's address holds no user name; let in this host there instead");
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

const contextOf = (id: number): string => `endpoint:${id}`;

/** `secret` sealed for endpoint `id`; null if there is none. */
export function sealedSecret(
  box: SecretBox,
  id: number,
  secret: string | undefined,
): Buffer | null {
  return secret ? box.seal(secret, contextOf(id)) : null;
}

/** The endpoint's secret in the clear; empty if it has none. */
export function secretOf(box: SecretBox, row: EndpointRow): string {
  return row.access_secret_sealed ? box.open(row.access_secret_sealed, contextOf(row.id)) : "";
}

/** Where to connect, and with what. */
export function addressOf(settings: EndpointSettings, accessSecret: string): EndpointAddress {
  const { type, accessKey, insecure, caCertificate, options } = settings;
  const url = settings.url.replace(/\/+$/, "");
  return { type, url, accessKey, accessSecret, insecure, caCertificate, options };
}

/** A row as the settings it was made of, without the secret. */
export function settingsOf(row: EndpointRow): EndpointSettings {
  const { accessSecret: _, ...settings } = { accessSecret: undefined, ...endpointOf(row) };
  return settings;
}

/** The columns that settings fill, the secret excepted. */
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
