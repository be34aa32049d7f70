import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { NewWebhook } from "@entrepot/api";
import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };

interface Told {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  readonly json: any;
}

let here: TestServer;
const told: Told[] = [];
let status = 200;
const receiver = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  told.push({ headers: request.headers, body, json: JSON.parse(body) });
  response.writeHead(status).end("x".repeat(5_000));
});
let address: string;

beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  here = await testServer();
});
afterAll(async () => {
  await here?.close();
  receiver.close();
});
beforeEach(() => {
  told.length = 0;
  status = 200;
});

const api = () => apiClient(here);
const inLibrary = { project_name_or_id: "library" };

async function hook(name: string, more: Partial<NewWebhook> & { target?: object }) {
  const { target, ...rest } = more;
  const body = {
    name,
    event_types: ["PUSH_ARTIFACT" as const],
    targets: [{ address, ...target }],
    ...rest,
  };
  const { created } = await api().webhooks.create({ params: inLibrary, body });
  return { ...inLibrary, webhook_policy_id: Number(created) };
}

const push = async (repository: string, tags: string[]) => {
  const image = sampleImage();
  await pushSample(here.content.as(ACTOR).repository(repository), image, tags);
  return image.content.digest;
};
const types = () => told.map(({ json }) => json.type).toSorted();

test("a push is told once per tag, in Harbor's form, signed; other projects' is not", async () => {
  await here.content.projects.create(ACTOR, { name: "other", public: false });
  const target = { secret: "s3cret", auth_header: "Bearer abc" };
  const params = await hook("pushes", { event_types: ["PUSH_ARTIFACT", "CREATE_TAG"], target });
  await push("other/app", ["v1"]);
  const digest = await push("library/app", ["v1", "v2"]);
  await expect
    .poll(types, { timeout: 20_000 })
    .toEqual(["CREATE_TAG", "CREATE_TAG", "PUSH_ARTIFACT", "PUSH_ARTIFACT"]);
  const first = told.find(({ json }) => json.type === "PUSH_ARTIFACT")!;
  expect(first.json).toMatchObject({
    operator: "test",
    event_data: {
      resources: [{ digest, tag: expect.stringMatching(/^v[12]$/) }],
      repository: { name: "app", namespace: "library", repo_type: "public" },
    },
  });
  expect(first.headers["authorization"]).toBe("Bearer abc");
  const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
    String(first.headers["entrepot-signature"]),
  )!;
  const expected = createHmac("sha256", "s3cret").update(`${at}.${first.body}`).digest("hex");
  expect(mac).toBe(expected);

  const { body: deliveries } = await api().webhooks.deliveries({ params });
  expect(deliveries).toHaveLength(4);
  expect(deliveries[0]).toMatchObject({ status: "Success", attempts: 1, status_code: 200 });
  expect(deliveries[0]!.answer).toHaveLength(1_024);
  const { body: shown } = await api().webhooks.get({ params });
  expect(JSON.stringify(shown)).not.toMatch(/s3cret|abc/);

  // What is shown may be sent back as it is: the secrets stay.
  const targets = shown.targets.map((one) => ({ ...one, has_secret: undefined }));
  await api().webhooks.update({ params, body: { ...shown, targets, description: "again" } });
  const before = told.length;
  await api().webhooks.test({ params });
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(before + 1);
  expect(told.at(-1)!.headers["authorization"]).toBe("Bearer abc");
  expect(told.at(-1)!.headers["entrepot-signature"]).toBeDefined();
  await api().webhooks.delete({ params });
});

test("what fails is tried again under the same id, and can be told once more", async () => {
  status = 503;
  const params = await hook("failing", { target: { payload_format: "CloudEvents" } });
  await push("library/again", ["v1"]);
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
  const list = async () => (await api().webhooks.deliveries({ params })).body;
  await expect.poll(async () => (await list())[0]!.error).toMatch(/answered with status 503/);
  status = 200;
  await expect.poll(() => told.length, { timeout: 30_000, interval: 200 }).toBe(2);
  expect(told[1]!.json).toEqual(told[0]!.json);
  expect(told[0]!.json).toMatchObject({ specversion: "1.0", type: "harbor.artifact.pushed" });
  expect(told[0]!.headers["content-type"]).toBe("application/cloudevents+json");
  await expect.poll(async () => (await list())[0]!.status).toBe("Success");

  const { id, event_id: eventId } = (await list())[0]!;
  await api().webhooks.redeliver({ params: { ...params, delivery_id: id } });
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(3);
  expect(told[2]!.headers["entrepot-delivery"]).toBe(eventId);
  const { body: runs } = await api().webhooks.executions({ params });
  expect(runs).toHaveLength(2);
  await api().webhooks.delete({ params });
});

test("deletions name their tags, a pull its digest and tag, a test is a test", async () => {
  const params = await hook("rest", {
    event_types: ["DELETE_ARTIFACT", "DELETE_TAG", "PULL_ARTIFACT"],
  });
  const digest = await push("library/gone", ["v1"]);
  const pair = Buffer.from(`admin:${here.credential.password}`).toString("base64");
  const authorization = `Basic ${pair}`;
  const url = `${here.url}/v2/library/gone/manifests/v1`;
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
  await expect.poll(types, { timeout: 20_000 }).toEqual(["PULL_ARTIFACT"]);
  expect(told[0]!.json).toMatchObject({
    operator: "admin",
    event_data: { resources: [{ digest, tag: "v1" }] },
  });
  await here.content.as(ACTOR).repository("library/gone").delete(digest);
  await expect
    .poll(types, { timeout: 20_000 })
    .toEqual(["DELETE_ARTIFACT", "DELETE_TAG", "PULL_ARTIFACT"]);
  const gone = told.find(({ json }) => json.type === "DELETE_ARTIFACT")!;
  expect(gone.json.event_data.resources).toMatchObject([{ digest, tag: "v1" }]);
  await api().webhooks.test({ params });
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(4);
  expect(told[3]!.headers["entrepot-delivery"]).toMatch(/^test:/);
  await api().webhooks.delete({ params });
});

test("the system is told of replication ends, of failed ones alone if it likes", async () => {
  const body = {
    name: "ends",
    event_types: ["REPLICATION" as const],
    replication_outcome: "failed" as const,
    targets: [{ address }],
  };
  const { created } = await api().systemWebhooks.create({ params: {}, body });
  for (const [kind, ends] of [
    ["fails", false],
    ["works", true],
  ] as const) {
    here.jobs.handle({
      kind,
      maxAttempts: 1,
      retryDelayMs: () => null,
      run: async () => {
        if (!ends) throw new Error("as it is to be");
      },
    });
  }
  for (const kind of ["works", "fails"]) {
    await here.jobs.execute({
      vendor: "REPLICATION",
      vendorId: 7,
      trigger: "manual",
      actor: "ann",
      tasks: [{ kind, lane: kind, payload: { repository: "library/a", reference: "v1" } }],
    });
  }
  const params = { webhook_policy_id: Number(created) };
  await expect.poll(types, { timeout: 40_000 }).toEqual(["REPLICATION"]);
  expect(told[0]!.json.event_data.replication).toMatchObject({
    job_status: "Error",
    policy_id: 7,
    failed_artifact: [{ name_tag: "library/a:v1" }],
  });
  await api().systemWebhooks.delete({ params });
});

test.each([
  [{ targets: [{ address: "file:///etc/passwd" }] }, /is not an http/],
  [{ targets: [{ address: "http://a:b@c/" }] }, /no user name/],
  [{ event_types: ["SCANNING_FAILED"] }, /event_types/],
  [{ name: "" }, /needs a name/],
])("%j is refused", async (settings, reason) => {
  await expect(hook("wrong", settings as never)).rejects.toThrow(reason);
});

test("no webhook reaches a metadata service", async () => {
  const params = await hook("inward", {
    targets: [{ address: "http://169.254.169.254/" }] as never,
  });
  await api().webhooks.test({ params });
  const list = async () => (await api().webhooks.deliveries({ params })).body;
  await expect.poll(async () => (await list())[0]!.error, { timeout: 20_000 }).toMatch(/metadata/);
  await api().webhooks.delete({ params });
});
