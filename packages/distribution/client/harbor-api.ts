import { RegistryError } from "@entrepot/oci";
import { withQuery } from "../wire/index.ts";
import { connectionError } from "./connection-error.ts";
import type { Fetch, FetchResponse } from "./fetch.ts";
import { discard, readJson } from "./response-body.ts";
import { responseError } from "./response-error.ts";
import { basicHeader } from "./tokens.ts";
import type { Credential } from "./tokens.ts";
import { registryRoot } from "./trust.ts";

/** Requests to Harbor's management API. Failures are `RegistryError`s, as from the registry. */
export interface HarborApi {
  /** The JSON at `path`; with `missing`, a 404 is null rather than NOT_FOUND. */
  get(path: string, missing?: "null if missing"): Promise<unknown>;
  /** All items of the list at `path`, page by page. */
  list(path: string): AsyncIterable<unknown>;
  /** Changes something. False if the answer is `already`, the status that says it was so before. */
  change(method: "POST" | "DELETE", path: string, already: number, body?: object): Promise<boolean>;
}

/** The most that Harbor gives at once. */
const PAGE_SIZE = 100;
const MOST_PAGES = 100_000;
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;

/** See `HarborApi`. Every request carries the credential, as Basic. */
export function harborApi(options: {
  readonly url: string;
  readonly credential?: Credential | undefined;
  readonly fetch: Fetch;
  readonly clock?: () => number;
}): HarborApi {
  const root = registryRoot(options.url);
  const { credential, fetch, clock = Date.now } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  if (credential) headers["authorization"] = basicHeader(credential);

  async function send(
    method: string,
    path: string,
    expect: readonly number[],
    body?: object,
  ): Promise<FetchResponse> {
    const [about] = path.split("?", 1);
    const what = `${method} ${about} at ${root}`;
    const asked = { method, url: root + path };
    const request = body
      ? {
          method,
          headers: { ...headers, "content-type": "application/json" },
          body: Buffer.from(JSON.stringify(body)),
        }
      : { method, headers };
    const response = await fetch(root + path, request).catch((error: unknown) => {
      throw connectionError(error, what, asked);
    });
    if (expect.includes(response.status)) return response;
    throw await responseError(response, what, clock(), undefined, asked);
  }

  async function get(path: string, missing?: "null if missing"): Promise<unknown> {
    const response = await send("GET", path, missing ? [200, 404] : [200]);
    if (response.status === 200) return await readJson(response, LONGEST_ANSWER_BYTES);
    await discard(response);
    return null;
  }

  return {
    get,
    async *list(path) {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const items = await get(withQuery(path, { page, page_size: PAGE_SIZE }));
        if (!Array.isArray(items)) {
          const message = `GET ${path} at ${root}: the answer is no list; is it a Harbor?`;
          throw new RegistryError("UNSUPPORTED", message);
        }
        yield* items;
        if (items.length < PAGE_SIZE) return;
      }
    },
    async change(method, path, already, body) {
      const response = await send(method, path, [200, 201, 202, 204, already], body);
      await discard(response);
      return response.status !== already;
    },
  };
}
