import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

let server: TestServer;
let api: ReturnType<typeof apiClient>;
let endpoint: number;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { url, credential } = server;
  api = apiClient({ url, credential });
  const body = { name: "self", type: "harbor", url, credential: keyOf(credential) };
  endpoint = Number((await api.registries.create({ body })).created);
});
afterAll(() => server?.close());

const keyOf = ({ username, password }: TestServer["credential"]) => ({
  access_key: username,
  access_secret: password,
});

let n = 0;
const policy = (settings: Partial<NewPolicy> = {}) => ({
  body: { name: `policy-${++n}`, dest_registry: { id: endpoint }, ...settings } as NewPolicy,
});
const shown = async (id: string | null) =>
  (await api.policies.get({ params: { id: Number(id) } })).body;

const EVERYTHING = {
  speed: 2048,
  copy_by_chunk: true,
  single_active_replication: true,
  bytes_per_second: 1_000_000_000_000,
  concurrency: 7,
  windows: [
    {
      kind: "run" as const,
      days: [1, 5],
      from: "22:00",
      to: "06:30",
      time_zone: "Europe/Berlin",
      bytes_per_second: 0,
    },
  ],
  verify: true,
  max_deletions: 0,
  max_deletion_percent: 12.5,
  all_or_nothing: true,
  on_conflict: "report" as const,
  index_mode: "rewritten" as const,
};
const NOTHING = {
  speed: 0,
  copy_by_chunk: false,
  single_active_replication: false,
  bytes_per_second: 0,
  concurrency: 0,
  windows: [],
  verify: false,
  max_deletions: null,
  max_deletion_percent: null,
  all_or_nothing: false,
  on_conflict: "overwrite",
  index_mode: "sparse",
};

test("what a policy is given is shown, scheduled and journalled; a PUT replaces all", async () => {
  const cron = { cron: "0 30 2 * * *", time_zone: "Asia/Tokyo" };
  const trigger = { type: "scheduled" as const, trigger_settings: cron };
  const { body } = policy({ ...EVERYTHING, trigger });
  const { created } = await api.policies.create({ body });

  expect(await shown(created)).toMatchObject({ ...EVERYTHING, trigger });
  const schedules = server.catalog.db.selectFrom("schedule").select(["cron", "time_zone"]);
  expect(await schedules.execute()).toEqual([cron]);
  const entries = await server.catalog.entries(0, 1000);
  const entry = entries.find(({ key }) => key === body.name);
  expect(entry?.after).toMatchObject({
    options: { speed: 2048, timeZone: "Asia/Tokyo", allOrNothing: true, maxDeletions: 0 },
  });

  const params = { id: Number(created) };
  await api.policies.update({ params, body: policy({ name: body.name }).body });
  expect(await shown(created)).toMatchObject(NOTHING);
  expect(await schedules.execute()).toEqual([]);
});

test("Harbor's -1 is no limit, and null is as good as absent", async () => {
  const nulls = { windows: null, verify: null, on_conflict: null, max_deletions: null };
  const { created } = await api.policies.create(policy({ speed: -1, ...nulls }));
  expect(await shown(created)).toMatchObject(NOTHING);
});

const window = (change: object) => ({
  windows: [{ kind: "run", from: "22:00", to: "06:00", ...change }],
});
const REFUSED: [string, object, RegExp][] = [
  ["too fast", { speed: 2 ** 31 }, /speed/],
  ["negative bytes per second", { bytes_per_second: -1 }, /bytes_per_second/],
  ["negative concurrency", { concurrency: -1 }, /concurrency/],
  ["negative deletions", { max_deletions: -1 }, /max_deletions/],
  ["more than all", { max_deletion_percent: 101 }, /max_deletion_percent.*0 to 100/],
  ["a time that is none", window({ to: "24:00" }), /windows\[0\]\.to "24:00"/],
  ["an empty window", window({ to: "22:00" }), /begins and ends/],
  ["an eighth day", window({ days: [8] }), /1 \(Monday\)/],
  ["a day twice", window({ days: [1, 1] }), /different/],
  ["a zone that is none", window({ time_zone: "Moon/Tycho" }), /time zone "Moon\/Tycho"/],
  ["a run window with a limit", window({ bytes_per_second: 5 }), /kind bandwidth/],
  ["single active events", { ...EVENTS(), single_active_replication: true }, /event_based/],
  [
    "a cron in no zone",
    { trigger: { type: "manual", trigger_settings: { time_zone: "Mars" } } },
    /time_zone/,
  ],
  ["a project that is not", { project_id: 4711 }, /project 4711/],
];
function EVENTS() {
  return { trigger: { type: "event_based" } };
}

test.each(REFUSED)("%s is refused, with a reason", async (_, settings, reason) => {
  await expect(api.policies.create(policy(settings as Partial<NewPolicy>))).rejects.toThrow(reason);
});

test("an endpoint's proxy and limits are kept, shown and taken back", async () => {
  const params = { id: endpoint };
  await api.registries.update({ params, body: { concurrency: 3, bytes_per_second: 4096 } });
  await api.registries.update({ params, body: { description: "still limited" } });
  const limited = (await api.registries.get({ params })).body;
  expect(limited).toMatchObject({ proxy: "", concurrency: 3, bytes_per_second: 4096 });
  await api.registries.update({ params, body: { concurrency: 0, bytes_per_second: 0 } });
  const free = (await api.registries.get({ params })).body;
  expect(free).toMatchObject({ proxy: "", concurrency: 0, bytes_per_second: 0 });
});

test.each([
  [{ proxy: "socks5://host:1080" }, /http:\/\/ or https:\/\//],
  [{ proxy: "http://user:secret@host:3128" }, /no user name/],
  [{ proxy: "http://host:3128/path" }, /without a path/],
  [{ concurrency: -1 }, /concurrency/],
  [{ bytes_per_second: -5 }, /bytes_per_second/],
])("an endpoint with %j is refused", async (body, reason) => {
  await expect(api.registries.update({ params: { id: endpoint }, body })).rejects.toThrow(reason);
});
