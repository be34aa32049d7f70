import type { Bytes } from "@entrepot/oci";

/** What the client asks of `Fetch`. Redirects are `Fetch`'s to follow (see `followRedirects`). */
export interface FetchRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes that can be sent again, or a stream that can be sent once. */
  readonly body?: Uint8Array | Bytes;
  readonly signal?: AbortSignal;
}

/** What comes back. Reading the body to its end, or ending its iteration, frees the connection. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Bytes | null;
}

/**
 * Sends one HTTP request to an absolute URL. Rejects only if no complete answer head came back;
 * any status is an answer.
 */
export type Fetch = (url: string, request?: FetchRequest) => Promise<FetchResponse>;

/**
 * A `Fetch` that hands every request to `handler` in this process: a server and its clients under
 * one clock, without a network.
 */
export function handlerFetch(handler: (request: Request) => Promise<Response> | Response): Fetch {
  return async (url, request = {}) => {
    const { body, ...rest } = request;
    if (body === undefined) return answer(await handler(new Request(url, rest)));
    const stream = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : streamOf(body);
    return answer(await handler(new Request(url, { ...rest, body: stream, duplex: "half" })));
  };
}

function answer({ status, headers, body }: Response): FetchResponse {
  return { status, headers, body: body as Bytes | null };
}

function streamOf(bytes: Bytes): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(bytes as AsyncIterable<Uint8Array<ArrayBuffer>>);
}
