import type { EntrepotProcess } from "./entrepot-process.ts";

/** The registry that an endpoint is made for. */
export interface EndpointPlace {
  readonly url: string;
  readonly credential?: { readonly username: string; readonly password: string };
}

/** What is asked of a policy besides its name and its endpoint. */
export interface PolicyWish {
  readonly trigger?: { type: string; trigger_settings?: { cron: string } };
  readonly deletion?: boolean;
  readonly override?: boolean;
  readonly filters?: readonly { type: string; value: string; decoration?: string }[];
  readonly dest_namespace?: string;
  readonly dest_namespace_replace_count?: number;
}

/** An answer of the management API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  readonly json: any;
}

type Server = Pick<EntrepotProcess, "url" | "credential">;

/** What the Authorization header of `credential` says. */
export function basic({ username, password }: Server["credential"]): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Asks `server`'s management API as its administrator. Throws for an answer of 400 and above. */
export async function api(
  server: Server,
  method: string,
  path: string,
  body?: object,
): Promise<ApiAnswer> {
  const response = await fetch(`${server.url}/api/v2.0${path}`, {
    method,
    headers: {
      authorization: basic(server.credential),
      ...(body && { "content-type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status >= 400) {
    throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  }
  const json = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, json };
}

/** Creates an endpoint on `server` and returns its id. */
export async function createEndpoint(
  server: Server,
  name: string,
  type: "harbor" | "docker-registry",
  { url, credential }: EndpointPlace,
): Promise<number> {
  return created(server, "/registries", {
    name,
    type,
    url,
    ...(credential && {
      credential: { access_key: credential.username, access_secret: credential.password },
    }),
  });
}

/** Creates a policy that pushes from `server` to one of its endpoints, by events unless wished. */
export function pushPolicy(
  server: Server,
  name: string,
  endpoint: number,
  wish: PolicyWish = {},
): Promise<number> {
  const trigger = { type: "event_based" };
  const dest_registry = { id: endpoint };
  const standard = { deletion: true, trigger, dest_namespace_replace_count: 1 };
  return created(server, "/replication/policies", { name, dest_registry, ...standard, ...wish });
}

/** Creates a policy that pulls to `server` from one of its endpoints, by hand unless wished. */
export function pullPolicy(
  server: Server,
  name: string,
  endpoint: number,
  wish: PolicyWish = {},
): Promise<number> {
  const src_registry = { id: endpoint };
  return created(server, "/replication/policies", { name, src_registry, ...wish });
}

/** Runs a policy now and returns the id of its execution. */
export function runPolicy(server: Server, policyId: number): Promise<number> {
  return created(server, "/replication/executions", { policy_id: policyId });
}

async function created(server: Server, path: string, body: object): Promise<number> {
  const { headers } = await api(server, "POST", path, body);
  return Number(headers.get("location")?.split("/").at(-1));
}

/** What a server still has to do: runs that go on, and names that have not arrived, with why. */
export async function work(server: Server): Promise<{ running: number; behind: string[] }> {
  const running = await total(server, "/replication/executions?status=InProgress&page_size=1");
  const { json } = await api(server, "GET", "/replication/policies?page_size=100");
  const behind: string[] = [];
  for (const { id, name } of json as { id: number; name: string }[]) {
    const path = `/replication/policies/${id}/replicas?behind=true&page_size=100`;
    for (const replica of (await api(server, "GET", path)).json) {
      behind.push(`${name}: ${JSON.stringify(replica)}`);
    }
  }
  return { running, behind };
}

/** How many items the list at `path` has. */
export async function total(server: Server, path: string): Promise<number> {
  const { headers } = await api(server, "GET", path);
  return Number(headers.get("x-total-count"));
}
