import { RegistryError } from "@entrepot/oci/error";
import { errorOf } from "./api-error.ts";
import { basic } from "./basic.ts";
import type { ApiClientOptions } from "./client.ts";

/** How lines are asked for: by GET, unless there is a body to send. */
export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * The lines of what `path` answers, as they come, in the media type `accept`. Throws `ApiError` if
 * refused, UNREACHABLE if nobody answers or the answer is cut off.
 */
export async function* textLines(
  { url, credential, fetch = globalThis.fetch }: ApiClientOptions,
  path: string,
  accept: string,
  { method = "get", body, signal }: Asked = {},
): AsyncGenerator<string> {
  const what = `${method.toUpperCase()} ${path}`;
  const headers = new Headers({ accept });
  if (credential) headers.set("authorization", basic(credential.username, credential.password));
  if (body !== undefined) headers.set("content-type", "application/json");
  const init: RequestInit = {
    method: method.toUpperCase(),
    headers,
    redirect: "manual",
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  try {
    const response = await fetch(new URL(path, url), init);
    if (!response.ok) throw await errorOf(response, what);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of chunksOf(response.body)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (cause) {
    if (cause instanceof RegistryError || signal?.aborted) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryError("UNREACHABLE", `${url} does not answer ${what}: ${why}`, { cause });
  }
}

/** Read by hand: not every browser iterates over a stream. Who stops reading, closes it. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      yield next.value;
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
