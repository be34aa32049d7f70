import { createHmac } from "node:crypto";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { manifestTypes } from "@entrepot/oci";
import { type Served, serveRaw } from "./serve.ts";

/** Who may sign in at a Hub player. */
export interface HubAccount {
  readonly username: string;
  readonly password: string;
}

/**
 * A stand-in for Docker Hub: its documented API (sign in, namespaces, repositories, tags, deletion
 * of a tag) over what the registry at `behind` holds, and that registry itself under `/v2/`, open
 * to whoever has a token of this server's. The real Hub is never asked.
 */
export async function playHub(behind: string, account: HubAccount): Promise<Served> {
  const token = createHmac("sha256", account.password).update(account.username).digest("hex");
  return serveRaw((incoming, outgoing) => {
    answer({ behind, account, token }, incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else reply(outgoing, 500, { message: String(error) });
    });
  });
}

interface Hub {
  readonly behind: string;
  readonly account: HubAccount;
  readonly token: string;
}

const API = /^\/v2\/(?:users\/login|namespaces\/|repositories\/)/;
const REPOSITORIES = /^\/v2\/namespaces\/([^/]+)\/repositories$/;
const TAGS = /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/tags$/;
const ONE = /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/?$/;
const TAG = /^\/v2\/repositories\/([^/]+)\/([^/]+)\/tags\/([^/]+)\/$/;

async function answer(hub: Hub, incoming: IncomingMessage, outgoing: ServerResponse) {
  const url = new URL(incoming.url ?? "/", "http://hub");
  if (url.pathname === "/token") return giveToken(hub, incoming, outgoing);
  if (API.test(url.pathname)) return answerApi(hub, url, incoming, outgoing);
  if (incoming.headers.authorization !== `Bearer ${hub.token}`) {
    const realm = `http://${incoming.headers.host}/token`;
    outgoing.setHeader("www-authenticate", `Bearer realm="${realm}",service="registry.docker.io"`);
    return reply(outgoing, 401, { errors: [{ code: "UNAUTHORIZED", message: "sign in" }] });
  }
  // Docker Hub has no list of everything, and deletes nothing by the registry's own API.
  if (url.pathname === "/v2/_catalog") return reply(outgoing, 404, {});
  if (incoming.method === "DELETE") return reply(outgoing, 405, {});
  return passOn(hub, incoming, outgoing);
}

function giveToken({ account, token }: Hub, incoming: IncomingMessage, outgoing: ServerResponse) {
  const { authorization } = incoming.headers;
  if (authorization !== undefined && authorization !== basicOf(account)) {
    return reply(outgoing, 401, { details: "incorrect username or password" });
  }
  return reply(outgoing, 200, { token, expires_in: 300, issued_at: new Date().toISOString() });
}

async function answerApi(
  hub: Hub,
  url: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { pathname } = url;
  if (pathname === "/v2/users/login") {
    const given = JSON.parse(await textOf(incoming)) as HubAccount;
    const { username, password } = hub.account;
    const right = given.username === username && given.password === password;
    return right
      ? reply(outgoing, 200, { token: hub.token })
      : reply(outgoing, 401, { detail: "Incorrect authentication credentials" });
  }
  const signedIn = incoming.headers.authorization === `Bearer ${hub.token}`;
  if (pathname === "/v2/repositories/namespaces/") {
    const names = await repositoriesOf(hub);
    const namespaces = [...new Set(names.map((name) => name.split("/")[0]))];
    return reply(outgoing, 200, { namespaces: signedIn ? namespaces : [] });
  }
  const [, namespace = "", name = ""] = TAGS.exec(pathname) ?? ONE.exec(pathname) ?? [];
  if (REPOSITORIES.test(pathname)) return repositories(hub, url, outgoing);
  if (TAGS.test(pathname)) {
    return page(outgoing, url, await tagsOf(hub, `${namespace}/${name}`));
  }
  if (ONE.test(pathname)) {
    const there = (await repositoriesOf(hub)).includes(`${namespace}/${name}`);
    return there
      ? reply(outgoing, 200, { name, namespace, is_private: false })
      : reply(outgoing, 404, { message: "object not found" });
  }
  const tag = TAG.exec(pathname);
  if (tag && incoming.method === "DELETE" && signedIn) return deleteTag(hub, tag, outgoing);
  return reply(outgoing, signedIn ? 404 : 401, { message: "no" });
}

async function repositories(hub: Hub, url: URL, outgoing: ServerResponse): Promise<void> {
  const [, namespace] = REPOSITORIES.exec(url.pathname) ?? [];
  const own = (await repositoriesOf(hub)).filter((name) => name.startsWith(`${namespace}/`));
  const names = own.map((name) => name.slice(`${namespace}/`.length));
  return page(outgoing, url, names.length > 0 ? names : null);
}

/** As the Hub pages: two at a time here, so that there is more than one page. */
function page(outgoing: ServerResponse, url: URL, names: readonly string[] | null): void {
  if (names === null) return reply(outgoing, 404, { message: "object not found" });
  const at = Number(url.searchParams.get("page") ?? 1);
  const results = names.slice((at - 1) * 2, at * 2).map((name) => ({ name }));
  const next = at * 2 < names.length ? `${url.pathname}?page=${at + 1}` : null;
  return reply(outgoing, 200, { count: names.length, next, previous: null, results });
}

async function repositoriesOf({ behind }: Hub): Promise<string[]> {
  const response = await fetch(`${behind}/v2/_catalog?n=1000`);
  return ((await response.json()) as { repositories: string[] | null }).repositories ?? [];
}

async function tagsOf({ behind }: Hub, name: string): Promise<string[] | null> {
  const response = await fetch(`${behind}/v2/${name}/tags/list`);
  if (response.status === 404) return null;
  return ((await response.json()) as { tags: string[] | null }).tags ?? [];
}

/** The registry behind deletes by digest only: the tag is moved to something that may go. */
async function deleteTag({ behind }: Hub, match: RegExpExecArray, outgoing: ServerResponse) {
  const [, namespace, name, tag] = match;
  const path = `${behind}/v2/${namespace}/${name}/manifests`;
  const there = await fetch(`${path}/${tag}`, {
    method: "HEAD",
    headers: { accept: manifestTypes.join(", ") },
  });
  if (there.status === 404) return reply(outgoing, 404, { message: "object not found" });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const annotations = { gone: `${tag} ${Date.now()}` };
  const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations });
  const headers = { "content-type": mediaType };
  const put = await fetch(`${path}/${tag}`, { method: "PUT", headers, body });
  const digest = put.headers.get("docker-content-digest");
  await fetch(`${path}/${digest}`, { method: "DELETE" });
  outgoing.writeHead(204).end();
}

function passOn({ behind }: Hub, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { authorization: _, ...headers } = incoming.headers;
  const asked = request(behind + incoming.url, { method: incoming.method, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
  });
  asked.on("error", () => outgoing.destroy());
  incoming.pipe(asked);
}

function reply(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const textOf = async (incoming: IncomingMessage): Promise<string> =>
  Buffer.concat(await Readable.from(incoming).toArray()).toString();

const basicOf = ({ username, password }: HubAccount): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
