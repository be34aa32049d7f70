import { type AddressGuard, endpointFetch } from "@entrepot/distribution/client";
import type { Post } from "@entrepot/events";

/** Of an answer no more than this is read. */
const ANSWER_BYTES = 1_024;
/** Connections to one host at a time. */
const CONNECTIONS = 4;

/** Tells webhooks over HTTP, only where `guard` lets connections go. `close` ends them. */
export function webhookPost(guard: AddressGuard): Post & { close(): Promise<unknown> } {
  const strict = endpointFetch({ guard, connections: CONNECTIONS });
  const lenient = endpointFetch({ guard, connections: CONNECTIONS, insecure: true });

  const post: Post = async ({ url, headers, body, insecure, signal }) => {
    const response = await (insecure ? lenient : strict)(url, {
      method: "POST",
      headers,
      body: Buffer.from(body),
      signal,
    });
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      parts.push(part);
      length += part.byteLength;
      if (length >= ANSWER_BYTES) break;
    }
    const answer = Buffer.concat(parts).subarray(0, ANSWER_BYTES).toString("utf8");
    return { status: response.status, answer };
  };
  return Object.assign(post, { close: () => Promise.all([strict.close(), lenient.close()]) });
}
