import { type ApiClient, apiClient } from "@entrepot/api/client";
import type { AuditEvent } from "@entrepot/events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const DAY_MS = 24 * 3_600_000;
let server: TestServer;
let admin: ApiClient;

beforeAll(async () => {
  // Tasks run, and nobody reads the journal: records are in the order in which they are told here.
  server = await testServer({ workers: 0 });
  await recorded(9, ["create_label", "delete_tag"]);
  await recorded(5, ["create_label", "delete_tag", "login_session"]);
  await recorded(0, ["create_label"]);
  await server.jobs.start({ workers: 1 });
  admin = apiClient(server);
});
afterAll(async () => {
  await server.jobs.stop(0);
  await server.close();
});

/** Records of so long ago, each told of with the name of what it is about. */
async function recorded(days: number, types: readonly string[]): Promise<void> {
  for (const type of types) {
    const [operation, resourceType = ""] = type.split("_", 2) as [AuditEvent["operation"], string];
    server.audit.note({
      at: new Date(Date.now() - days * DAY_MS),
      kind: "request",
      operation,
      resourceType,
      resource: `${type} of ${days} days`,
      project: null,
      actor: "ann",
      address: "192.0.2.7",
      userAgent: "",
      result: "success",
      cause: "test",
      seq: null,
      detail: {},
    });
  }
  await server.audit.flush();
}

async function ofAnn(): Promise<string[]> {
  const { body } = await admin.audit.list({ query: { q: "username=ann", sort: "id" } });
  return body.map(({ resource }) => resource);
}

/** Runs a purge to its end. */
async function purged(parameters: Record<string, unknown>) {
  const body = { schedule: { type: "Manual" }, parameters } as never;
  const purge_id = Number((await admin.purges.start({ body })).created);
  const read = async () => (await admin.purges.get({ params: { purge_id } })).body;
  await expect.poll(async () => (await read()).job_status, { timeout: 20_000 }).toBe("Success");
  const log = (await admin.purges.log({ params: { purge_id } })).body;
  return { ...(await read()), log };
}

const holds = async () => (await admin.audit.verify({ body: { heads: [] } })).body;

test("a purge of some types empties them, one of all removes them; the log holds", async () => {
  const some = { audit_retention_hour: 7 * 24, include_event_types: "create_label,login" };
  const dry = await purged({ ...some, dry_run: true });
  expect(dry.log).toMatch(/1 records would be emptied/);
  expect((await ofAnn()).length).toBe(6);

  expect(await purged(some)).toMatchObject({
    job_name: "PURGE_AUDIT_LOG",
    job_kind: "MANUAL",
    job_parameters: JSON.stringify({ ...some, dry_run: false }),
    log: expect.stringMatching(/1 records emptied/),
  });
  expect((await ofAnn()).length).toBe(5);
  await purged({ ...some, audit_retention_hour: 24 });
  expect((await ofAnn()).toSorted()).toEqual([
    "create_label of 0 days",
    "delete_tag of 5 days",
    "delete_tag of 9 days",
  ]);
  expect(await holds()).toMatchObject({ holds: true, from: 1 });
  expect((await purged({ ...some, include_event_types: "" })).log).toMatch(/0 records emptied/);

  const all = await purged({ audit_retention_hour: 24, include_event_types: "*" });
  expect(all.log).toMatch(/\d+ records purged, up to \d+/);
  expect(await ofAnn()).toEqual(["create_label of 0 days"]);
  expect((await holds()).holds).toBe(true);
  const { body, headers } = await admin.purges.list({ query: {} });
  expect([body.length, headers.get("x-total-count")]).toEqual([5, "5"]);
});

test("a schedule is set, shown, taken away, and does what it says", async () => {
  expect((await admin.purges.schedule()).body).toEqual({});
  const parameters = { audit_retention_hour: 168, include_event_types: "create,pull_artifact" };
  const body = { schedule: { type: "Daily" as const }, parameters };
  await admin.purges.start({ body });
  const set = (await admin.purges.schedule()).body;
  expect(set).toMatchObject({
    job_kind: "SCHEDULE",
    schedule: { type: "Daily", cron: "0 0 0 * * *", next_scheduled_time: expect.any(String) },
    job_parameters: JSON.stringify({ ...parameters, dry_run: false }),
  });
  const before = (await admin.purges.list({ query: {} })).body.length;
  await server.catalog.db
    .updateTable("schedule")
    .set({ next_at: new Date(0) })
    .where("vendor", "=", "PURGE_AUDIT_LOG")
    .execute();
  await expect
    .poll(async () => (await admin.purges.list({ query: {} })).body.length, { timeout: 30_000 })
    .toBe(before + 1);
  expect((await admin.purges.list({ query: {} })).body[0]).toMatchObject({
    job_kind: "SCHEDULE",
    schedule: { type: "Schedule" },
  });
  await admin.purges.setSchedule({ body: { schedule: { type: "None" } } });
  expect((await admin.purges.schedule()).body).toEqual({});
}, 60_000);

const LAST_DAY = { audit_retention_hour: 24, include_event_types: "*" };
test.each<[string, "start" | "setSchedule", Record<string, unknown>]>([
  ["no parameters", "start", { schedule: { type: "Manual" } }],
  ["Manual as a schedule", "setSchedule", { schedule: { type: "Manual" }, parameters: LAST_DAY }],
  ["Custom without a cron", "start", { schedule: { type: "Custom" }, parameters: LAST_DAY }],
  [
    "a cron that is none",
    "setSchedule",
    { schedule: { type: "Custom", cron: "often" }, parameters: LAST_DAY },
  ],
  [
    "no hours",
    "start",
    { schedule: { type: "Manual" }, parameters: { ...LAST_DAY, audit_retention_hour: 0 } },
  ],
  [
    "types that are none",
    "start",
    { schedule: { type: "Manual" }, parameters: { ...LAST_DAY, include_event_types: "a;b" } },
  ],
])("%s: refused", async (_what, call, body) => {
  await expect(admin.purges[call]({ body: body as never })).rejects.toMatchObject({
    code: "BAD_REQUEST",
  });
});

test("what is no purge is not found", async () => {
  const params = { purge_id: 999_999 };
  const refused = { code: "NOT_FOUND" };
  await expect(admin.purges.get({ params })).rejects.toMatchObject(refused);
  await expect(admin.purges.stop({ params })).rejects.toMatchObject(refused);
});
