import type { DirectoryNetwork } from "@entrepot/access";
import { type AddressGuard, endpointFetch, guardedLookup } from "@entrepot/distribution/client";
import { RegistryError } from "@entrepot/oci";

/** Of an answer no more than this is read. */
const ANSWER_BYTES = 1 << 20;
const CONNECTIONS = 4;
/** What of an answer's head is passed on. */
const HEADERS = ["content-type", "www-authenticate", "retry-after", "dpop-nonce"];

/** Reaches LDAP and OpenID Connect where `guard` lets connections go. `close` ends them. */
export function directoryNetwork(
  guard: AddressGuard,
): DirectoryNetwork & { close(): Promise<unknown> } {
  const strict = endpointFetch({ guard, connections: CONNECTIONS });
  const lenient = endpointFetch({ guard, connections: CONNECTIONS, insecure: true });
  return {
    lookup: guardedLookup(guard),
    async fetch(url, { method, headers, body, signal }, insecure) {
      const response = await (insecure ? lenient : strict)(url, {
        method,
        headers: Object.fromEntries(new Headers(headers)),
        ...(body !== null && body !== undefined && { body: Buffer.from(String(body)) }),
        ...(signal && { signal }),
      });
      const told = HEADERS.flatMap((name): [string, string][] => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      return new Response(await wholeBody(response.body, url), {
        status: response.status,
        headers: told,
      });
    },
    close: () => Promise.all([strict.close(), lenient.close()]),
  };
}

async function wholeBody(
  body: AsyncIterable<Uint8Array> | null,
  url: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > ANSWER_BYTES) {
      throw new RegistryError("UNAVAILABLE", `${new URL(url).origin} answers too much`);
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
