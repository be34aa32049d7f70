import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import type { AuditRecord } from "@entrepot/api";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "Correct-Horse-9";
const actor = { name: "test", cause: "test" };
let server: TestServer;
let admin: ApiClient;

beforeAll(async () => {
  server = await testServer({ workers: 2 });
  admin = apiClient({ url: server.url, credential: server.credential });
  for (const username of ["padmin", "dev"]) {
    await server.access.createAccount(actor, { username, password: PASSWORD });
  }
  await server.content.projects.create(actor, { name: "mine", public: false });
  await server.access.setMember(actor, "mine", "padmin", 1);
  await server.access.setMember(actor, "mine", "dev", 2);
});
afterAll(() => server.close());

const as = (username: string) =>
  apiClient({ url: server.url, credential: { username, password: PASSWORD } });

async function found(q: string, client = admin): Promise<AuditRecord[]> {
  await server.audit.idle();
  const { body } = await client.audit.list({ query: { q, page_size: 100 } });
  return body;
}

test("a change tells who, from what to what, when, and from where with what", async () => {
  const project_name = "mine";
  const label = { name: "stable", scope: "p", color: "#ffffff", description: "old" } as const;
  const { body: project } = await admin.projects.get({
    params: { project_name_or_id: project_name },
  });
  const headers = { "user-agent": "test/1", "x-request-id": "change-1" };
  const { created } = await admin.labels.create({
    body: { ...label, project_id: project.project_id },
    headers,
  });
  await admin.labels.update({
    params: { label_id: Number(created) },
    body: { ...label, description: "new" },
    headers: { ...headers, "x-request-id": "change-2" },
  });
  const [record, ...more] = await found("cause=change-2,kind=change");
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    username: "admin",
    operation: "update",
    resource_type: "label",
    resource: "mine/stable",
    project: "mine",
    result: "success",
    operation_result: true,
    client_address: expect.stringMatching(/127\.0\.0\.1$/),
    user_agent: "test/1",
    detail: { from: { description: "old" }, to: { description: "new" } },
  });
  expect((await found("resource=mine/stable")).map(({ operation }) => operation)).toEqual([
    "update",
    "create",
  ]);
});

test("a push is told once, with its digest; pulls only if they are turned on", async () => {
  const image = sampleImage();
  await pushSample(server.content.as(actor).repository("mine/app"), image, ["v1"]);
  const [tag] = await found("resource=mine/app:v1");
  expect(tag).toMatchObject({ operation: "create", resource_type: "tag", detail: { from: null } });
  const pull = () =>
    fetch(`${server.url}/v2/mine/app/manifests/v1`, {
      headers: { authorization: `Basic ${btoa(`dev:${PASSWORD}`)}` },
    }).then((answer) => answer.text());
  await pull();
  expect(await found("kind=pull")).toEqual([]);
  await server.settings.change(actor, { audit_log_pulls: true });
  await pull();
  expect(await found("kind=pull")).toMatchObject([
    { operation: "pull", resource: "mine/app:v1", username: "dev", project: "mine" },
  ]);
});

test("refusals and failed logins are told, with where they came from", async () => {
  const asDev = { authorization: `Basic ${btoa(`dev:${PASSWORD}`)}`, "user-agent": "probe" };
  const refused = await fetch(`${server.url}/v2/mine/app/manifests/v1`, {
    method: "DELETE",
    headers: asDev,
  });
  expect(refused.status).toBe(403);
  await expect(as("dev").users.create({ body: {} as never })).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  const wrong = apiClient({
    url: server.url,
    credential: { username: "dev", password: "Guessed-1" },
  });
  await expect(wrong.projects.list()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const denied = await found("result=denied,username=dev");
  expect(denied.map(({ kind, operation, resource }) => [kind, operation, resource])).toEqual([
    ["login", "login", "dev"],
    ["request", "create", "/api/v2.0/users"],
    ["request", "delete", "mine/app:v1"],
  ]);
  for (const { client_address } of denied) expect(client_address).toMatch(/127\.0\.0\.1$/);
  expect(denied.at(-1)?.user_agent).toBe("probe");
  expect(JSON.stringify(denied)).not.toContain("Guessed-1");
});

test("logins are told: of the portal each, of credentials once", async () => {
  const client = as("padmin");
  await client.projects.list();
  await client.projects.list();
  await client.sessions.create({ body: { username: "padmin", password: PASSWORD } });
  const logins = await found("kind=login,result=success,username=padmin");
  expect(logins.map(({ resource_type: type }) => type).toSorted()).toEqual(["login", "session"]);
});

test("everybody reads the logs of projects that they administer, and no others", async () => {
  const mine = await found("", as("padmin"));
  expect(mine.length).toBeGreaterThan(0);
  expect(new Set(mine.map(({ project }) => project))).toEqual(new Set(["mine"]));
  expect(await found("", as("dev"))).toEqual([]);
  const params = { project_name: "mine" };
  expect((await as("padmin").audit.ofProject({ params })).body.length).toBeGreaterThan(0);
  await expect(as("dev").audit.ofProject({ params })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(as("padmin").audit.verify({ body: {} })).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
});

test("lists are paged, sorted and filtered; what q cannot filter by is refused", async () => {
  const query = { page: 1, page_size: 2, sort: "op_time", q: "op_time=[2020-01-01~]" };
  const first = await admin.audit.list({ query });
  const second = await admin.audit.list({ query: { ...query, page: 2 } });
  const ids = [...first.body, ...second.body].map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(first.total).toBeGreaterThan(3);
  await expect(admin.audit.list({ query: { q: "password=x" } })).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
});

const exportOf = (format: string) =>
  fetch(`${server.url}/api/v2.0/audit-logs/export?format=${format}`, {
    headers: {
      authorization: `Basic ${btoa(`${server.credential.username}:${server.credential.password}`)}`,
    },
  }).then((answer) => answer.text());

test("JSON lines have all that hashes are made of; CSV is safe for spreadsheets", async () => {
  await admin.labels.create({ body: { name: "=SUM(A1)", scope: "g" } });
  await server.audit.idle();
  const lines = (await exportOf("jsonl")).trim().split("\n");
  let before = Buffer.alloc(32);
  for (const line of lines) {
    const record = JSON.parse(line);
    const { n, at, kind, operation, resource_type, resource, project, actor: who } = record;
    const { address, user_agent, result, cause, seq, detail, hash } = record;
    const fields = [
      n,
      at,
      kind,
      operation,
      resource_type,
      resource,
      project,
      who,
      address,
      user_agent,
      result,
      cause,
      seq,
      JSON.stringify(detail),
    ];
    before = createHash("sha256").update(before).update(JSON.stringify(fields)).digest();
    expect([n, hash]).toEqual([n, before.toString("hex")]);
  }
  const csv = await exportOf("csv");
  expect(csv.split("\r\n")[0]).toMatch(/^id,time,kind,.*,hash$/);
  expect(csv).not.toMatch(/,=SUM/);
});

test("verification says how far the log holds, and where it does not any more", async () => {
  await server.audit.idle();
  const { body: sound } = await admin.audit.verify({ body: {} });
  expect(sound).toMatchObject({ holds: true, from: 1, broken: null, dropped: 0 });
  expect(sound.to).toBeGreaterThan(5);
  const heads = [{ id: sound.to, hash: sound.hash }];
  expect((await admin.audit.verify({ body: { heads } })).body.holds).toBe(true);
  await server.catalog.db
    .updateTable("audit_log")
    .set({ actor: "nobody" })
    .where("n", "=", 3)
    .execute();
  const { body: broken } = await admin.audit.verify({ body: { heads } });
  expect(broken).toMatchObject({ holds: false, to: 2, broken: { id: 3 } });
});

test("records go to syslog as soon as it is set", async () => {
  const received: string[] = [];
  const receiver = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("data", (part) => received.push(part.toString()));
    socket.on("end", () => socket.end());
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  onTestFinished(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const came = once(receiver, "connection");
  await admin.configurations.update({
    body: { audit_log_forward_endpoint: `tcp://127.0.0.1:${port}` },
  });
  // Noted until something has come: it begins with what comes after it was turned on.
  const timer = setInterval(
    () => void admin.labels.create({ body: { name: "=SUM(A1)", scope: "g" } }).catch(() => {}),
    200,
  );
  onTestFinished(() => clearInterval(timer));
  const [socket] = await came;
  await once(socket, "close");
  expect(received.join("")).toMatch(/entrepot@32473 n="\d+" hash="\w{64}"/);
});
