import { RegistryError } from "@entrepot/oci";
import { withQuery } from "../wire/index.ts";
import { connectionError } from "./connection-error.ts";
import type { Fetch, FetchResponse } from "./fetch.ts";
import { discard, readJson } from "./response-body.ts";
import { responseError } from "./response-error.ts";
import type { Credential } from "./tokens.ts";
import { registryRoot } from "./trust.ts";

/** The few calls of Docker Hub's own API that replication needs: its registry lists nothing. */
export interface DockerHubClient {
  /** Signs in, if there is a credential. Throws UNAUTHORIZED if the Hub does not take it. */
  login(): Promise<void>;
  /** Namespaces that our account may push to; empty without one. */
  namespaces(): Promise<readonly string[]>;
  /** Whole names, `namespace/repository`. */
  repositories(namespace: string): AsyncIterable<string>;
  tags(repository: string): AsyncIterable<string>;
  /** False also where there is no such repository. */
  isPublic(repository: string): Promise<boolean>;
  /** Deletes the tag alone, which the Hub's `/v2/` cannot. False if there was none. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
}

const PAGE_SIZE = 100;
const MOST_PAGES = 100_000;
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;
/** A token is asked for anew after this long; the Hub's own last for hours. */
const TOKEN_MS = 10 * 60_000;

/** What a client of Docker Hub is made of. */
interface HubOptions {
  readonly url: string;
  readonly credential?: Credential | undefined;
  readonly fetch: Fetch;
  readonly clock?: () => number;
}

/** Requests to the Hub's API, and the header that signs them. */
function hubSession(options: HubOptions) {
  const root = registryRoot(options.url);
  const { credential, fetch, clock = Date.now } = options;
  let token: { readonly text: Promise<string>; readonly until: number } | undefined;

  async function send(
    method: string,
    path: string,
    expect: readonly number[],
    init: { headers?: Record<string, string>; body?: object } = {},
  ): Promise<FetchResponse> {
    const what = `${method} ${path.split("?", 1)[0]} at ${root}`;
    const headers: Record<string, string> = { accept: "application/json", ...init.headers };
    if (init.body) headers["content-type"] = "application/json";
    const body = init.body && { body: Buffer.from(JSON.stringify(init.body)) };
    const response = await fetch(root + path, { method, headers, ...body }).catch((error) => {
      throw connectionError(error, what);
    });
    if (expect.includes(response.status)) return response;
    throw await responseError(response, what, clock());
  }

  async function signIn({ username, password }: Credential): Promise<string> {
    const body = { username, password };
    const response = await send("POST", "/v2/users/login", [200], { body });
    const { token: text } = objectOf(await readJson(response, LONGEST_ANSWER_BYTES));
    if (typeof text === "string") return text;
    throw new RegistryError("UNAUTHORIZED", `signing in at ${root} brought no token`);
  }

  async function signedIn(): Promise<Record<string, string>> {
    if (!credential) return {};
    if (!token || token.until <= clock()) {
      token = { text: signIn(credential), until: clock() + TOKEN_MS };
    }
    const asked = token;
    try {
      return { authorization: `Bearer ${await asked.text}` };
    } catch (error) {
      if (token === asked) token = undefined;
      throw error;
    }
  }

  return { root, send, signedIn };
}

/** The Docker Hub whose API is at `options.url`. Sends nothing before it is asked something. */
export function dockerHubClient(options: HubOptions): DockerHubClient {
  const { root, send, signedIn } = hubSession(options);

  async function get(path: string): Promise<Readonly<Record<string, unknown>> | null> {
    const response = await send("GET", path, [200, 404], { headers: await signedIn() });
    if (response.status === 200) return objectOf(await readJson(response, LONGEST_ANSWER_BYTES));
    await discard(response);
    return null;
  }

  async function* names(path: string): AsyncGenerator<string> {
    for (let page = 1; page <= MOST_PAGES; page++) {
      const answer = await get(withQuery(path, { page, page_size: PAGE_SIZE }));
      // Of what does not exist nothing is listed; a page that is missing makes the list partial.
      if (answer === null && page === 1) return;
      const results = answer?.["results"];
      if (!Array.isArray(results)) {
        throw new RegistryError("UNSUPPORTED", `${path} at ${root} is no list as Docker Hub's are`);
      }
      yield* results.flatMap((item) => textOf(objectOf(item)["name"]) ?? []);
      if (answer?.["next"] == null) return;
    }
  }

  return {
    async login() {
      await signedIn();
    },
    async namespaces() {
      if (!options.credential) return [];
      const found = (await get("/v2/repositories/namespaces/"))?.["namespaces"];
      return Array.isArray(found) ? found.filter((name) => typeof name === "string") : [];
    },
    async *repositories(namespace) {
      const path = `/v2/namespaces/${encodeURIComponent(namespace)}/repositories`;
      for await (const name of names(path)) yield `${namespace}/${name}`;
    },
    tags: (repository) => names(`${repositoryPath(repository)}/tags`),
    async isPublic(repository) {
      return (await get(`${repositoryPath(repository)}/`))?.["is_private"] === false;
    },
    async deleteTag(repository, tag) {
      const path = `/v2/repositories/${repository}/tags/${encodeURIComponent(tag)}/`;
      const headers = await signedIn();
      const response = await send("DELETE", path, [200, 202, 204, 404], { headers });
      await discard(response);
      return response.status !== 404;
    },
  };
}

function repositoryPath(repository: string): string {
  const [namespace = "", name = ""] = repository.split("/", 2).map(encodeURIComponent);
  return `/v2/namespaces/${namespace}/repositories/${name}`;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
