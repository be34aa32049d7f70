import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";
import { EMPTY } from "./registry-shape.ts";
import { backupAttention, type TargetStanding } from "./backup-standing.ts";

const ACTOR = { name: "test", cause: "test" };
const NOW = new Date("2026-07-01T12:00:00Z");
const ago = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

let folder: string;
let server: TestServer;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-overview-"));
  server = await testServer({ workers: 0, backupFolders: [folder] });
  api = apiClient({ url: server.url, credential: server.credential });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const kinds = async () => (await api.overview.get()).body.attention.map(({ kind }) => kind);

test("what needs attention is told, the most pressing first, until it is put right", async () => {
  const { db } = server.catalog;
  // Nothing works in the background of this server.
  expect(await kinds()).toEqual(["no-workers", "backup-none"]);

  const vault = { name: "vault", address: `file:${folder}/vault` };
  const id = Number((await api.backups.create({ body: vault as never })).created);
  const { username: accessKey, password: accessSecret } = server.credential;
  const self = { ...EMPTY, name: "self", url: server.url, accessKey, accessSecret };
  const endpoint = await server.replication.endpoints.create(self, ACTOR);
  await sql`UPDATE registry_endpoint SET status = 'unhealthy', checked_at = now(),
    status_text = 'refused' WHERE id = ${endpoint}`.execute(db);
  await sql`INSERT INTO job_pause (job_type) VALUES ('RETENTION')`.execute(db);
  await sql`INSERT INTO check_finding (class, name, detail) VALUES ('corrupt', 'a', 'b')`.execute(
    db,
  );
  await sql`INSERT INTO quota (project_id, storage, used) SELECT id, 100, 93 FROM project`.execute(
    db,
  );
  const { created } = await api.backups.run({ params: { id }, body: {} as never });
  const { body } = await api.overview.get();
  expect(body.attention.map(({ kind, subject, count }) => [kind, subject, count])).toEqual([
    ["no-workers", "", 1],
    ["backup-never", "vault", 1],
    ["damage", "", 1],
    ["endpoint", "self", 1],
    ["quota", "library", 93],
    ["paused", "", 1],
  ]);
  expect(body.running).toMatchObject([{ vendor_type: "BACKUP", subject: "vault", tasks: 1 }]);
  expect(body.running_total).toBe(1);
  expect(body.backups).toMatchObject([{ name: "vault", newest: null, drill: null }]);
  const runs = await api.backups.executions({ params: { id } });
  expect(runs.body).toMatchObject([{ id: Number(created), kind: "backup", status: "Running" }]);
  expect(runs.total).toBe(1);
});

const TARGET: TargetStanding = {
  id: 1,
  name: "vault",
  enabled: true,
  cron: "0 0 3 * * *",
  timeZone: "UTC",
  continuous: false,
  lastError: "",
  newest: ago(33).toISOString(),
  behindSince: null,
  backup: { status: "Success", text: "" },
  drill: { id: 2, status: "Success", text: "", ended: ago(1).toISOString(), recovery: 1, loss: 0 },
};

test.each<[string, Partial<TargetStanding>, string[]]>([
  ["all is well", {}, []],
  ["waits for the next night", { behindSince: ago(20) }, []],
  ["a night was missed", { behindSince: ago(27) }, ["backup-late"]],
  ["weekly, four days", { cron: "0 0 3 * * 0", behindSince: ago(96) }, []],
  ["by hand, two days", { cron: "", behindSince: ago(48) }, ["backup-late"]],
  ["continuous, an hour", { continuous: true, behindSince: ago(1) }, ["backup-late"]],
  ["failed", { backup: { status: "Error", text: "disk" } }, ["backup-failed"]],
  ["cannot be written to", { lastError: "disk full" }, ["backup-failed"]],
  ["off", { enabled: false, lastError: "disk full" }, ["backup-none"]],
  ["never tried", { drill: null }, ["drill-none"]],
  ["the trial failed", { drill: { ...TARGET.drill!, status: "Error" } }, ["drill-failed"]],
])("a backup target: %s", (_, change, expected) => {
  const found = backupAttention([{ ...TARGET, ...change }], NOW);
  expect(found.map(({ kind }) => kind)).toEqual(expected);
});
