import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { promisify } from "node:util";
import { RegistryError } from "@entrepot/oci";
import {
  BusyError,
  Client,
  InvalidCredentialsError,
  ResultCodeError,
  UnavailableError,
} from "ldapts";
import type { LdapSettings } from "./ldap-settings.ts";

/** Operations of one visit to the directory, altogether, may take this many timeouts. */
const OPERATIONS = 3;

/**
 * Visits the directory: connects, encrypts as the settings say, and `use`s the connection, which is
 * closed afterwards. `lookup` decides which addresses may be gone to. Throws UNAVAILABLE, with why,
 * when the directory does not answer, or not in time, and for whatever it says that `use` does not
 * catch.
 */
export async function visitDirectory<T>(
  settings: LdapSettings,
  lookup: LookupFunction,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  if (settings.url === "") throw notReached(settings, "no ldap_url is set");
  const tls = tlsOptions(settings);
  // Of an address connections are made without asking.
  await promisify(lookup)(tls.host ?? "", { all: true }).catch((error: unknown) => {
    throw notReached(settings, wordsOf(error), error);
  });
  const own: { socket?: Socket } = {};
  const client = new Client({
    url: settings.url,
    timeout: settings.timeoutMs,
    connectTimeout: settings.timeoutMs,
    strictDN: false,
    // Given at all, they mean TLS from the start.
    ...(settings.url.startsWith("ldaps:") && { tlsOptions: { ...tls, lookup } }),
    ...connectingOnce(own, lookup),
  });
  const limit = deadline(settings.timeoutMs * OPERATIONS);
  try {
    const work = (async () => {
      if (settings.startTls && settings.url.startsWith("ldap:")) await client.startTLS({ ...tls });
      return use(client);
    })();
    return await Promise.race([work, limit.passed]);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw notReached(settings, wordsOf(error), error);
  } finally {
    limit.end();
    // What is under way ends with the socket, and nobody waits for the directory to take leave.
    own.socket?.destroy();
  }
}

/** Lets whoever searches log in: the settings' account, or nobody. Throws UNAVAILABLE. */
export async function bindSearcher(client: Client, settings: LdapSettings): Promise<void> {
  if (settings.searchDn === "") return;
  try {
    await client.bind(settings.searchDn, settings.searchPassword);
  } catch (error) {
    if (!(error instanceof ResultCodeError)) throw error;
    const wrong = error instanceof InvalidCredentialsError;
    const why = wrong ? "it does not accept ldap_search_dn and its password" : wordsOf(error);
    // Without its cause: that is no answer to anybody's question (`isAnswer`), and asking again and
    // again would lock the account.
    throw notReached(settings, why);
  }
}

/**
 * One connection and no other: the client connects again by itself when it has lost one, but after
 * StartTLS that one would not be encrypted, and the next password would be sent for all to read.
 */
function connectingOnce(own: { socket?: Socket }, lookup: LookupFunction) {
  function once(make: () => Socket): Socket {
    if (own.socket) throw new Error("the directory ended the connection");
    return (own.socket = make());
  }
  return {
    createConnection: ((port: number, host: string) =>
      once(() => connect({ port, host: plain(host), lookup }))) as typeof connect,
    createSecureConnection: ((...args: unknown[]) => {
      // StartTLS: over the connection that there is.
      if (args.length === 1) return connectTls(args[0] as ConnectionOptions);
      const [port, host, options] = args as [number, string, ConnectionOptions];
      return once(() => connectTls({ ...options, port, host: plain(host) }));
    }) as typeof connectTls,
  };
}

function tlsOptions(settings: LdapSettings): ConnectionOptions {
  const host = plain(URL.parse(settings.url)?.hostname ?? "");
  return {
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(settings.caCertificate !== "" && { ca: settings.caCertificate }),
    rejectUnauthorized: settings.verifyCert,
  };
}

function plain(host: string): string {
  return host.replaceAll(/[[\]]/g, "");
}

function deadline(ms: number) {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${ms / 1_000} s`)), ms);
  });
  passed.catch(() => undefined);
  return { passed, end: () => clearTimeout(timer) };
}

/**
 * Whether `error`, of `visitDirectory`, is what a directory answered that works: it refused one
 * question, by what somebody typed perhaps, and will answer the next.
 */
export function isAnswer({ cause }: RegistryError): boolean {
  if (cause instanceof BusyError || cause instanceof UnavailableError) return false;
  return cause instanceof ResultCodeError;
}

/** UNAVAILABLE: the directory cannot be asked. */
function notReached(settings: LdapSettings, why: string, cause?: unknown): RegistryError {
  const where = settings.url === "" ? "" : ` ${settings.url}`;
  return new RegistryError("UNAVAILABLE", `the directory${where} cannot be asked: ${why}`, {
    cause,
  });
}

function wordsOf(error: unknown): string {
  if (error instanceof ResultCodeError) return `it says ${error.message} (LDAP ${error.code})`;
  return error instanceof Error ? error.message.split("\n").join(" ") : String(error);
}
