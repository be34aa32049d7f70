import { RegistryError } from "@entrepot/oci/error";
import { errorOf } from "./api-error.ts";
import { basic } from "./basic.ts";
import type { ApiClientOptions } from "./client-of.ts";

/**
 * The lines of what `path` answers, as they come, in the media type `accept`. Throws `ApiError` if
 * refused, UNREACHABLE if nobody answers or the answer is cut off.
 */
export async function* textLines(
  { url, credential, fetch = globalThis.fetch }: ApiClientOptions,
  path: string,
  accept: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const headers = new Headers({ accept });
  if (credential) headers.set("authorization", basic(credential.username, credential.password));
  const init: RequestInit = { headers, redirect: "manual", ...(signal && { signal }) };
  try {
    const response = await fetch(new URL(path, url), init);
    if (!response.ok) throw await errorOf(response, `GET ${path}`);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (cause) {
    if (cause instanceof RegistryError || signal?.aborted) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryError("UNREACHABLE", `${url} does not answer GET ${path}: ${why}`, { cause });
  }
}
