import { ROLES } from "@entrepot/access";
import { apiClient } from "@entrepot/api/client";
import { routes } from "@entrepot/api";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "correct horse";
const MIA = { name: "mia", cause: "request-1" };
const RUN = { name: "system:retention", cause: "execution:12" };
let server: TestServer;
let api: ReturnType<typeof apiClient>;
const team = { params: { project_name_or_id: "team" } };
/** Of v1, first to last. */
const digests: string[] = [];
let pushed: number;
let moved: number;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { url, credential, access, catalog, content } = server;
  api = apiClient({ url, credential });
  await content.projects.create(MIA, { name: "team", public: true });
  for (const username of ["guest", "limited", "taker"]) {
    await access.createAccount(MIA, { username, password: PASSWORD });
  }
  await access.setMember(MIA, "team", "guest", ROLES.guest);
  await access.setMember(MIA, "team", "limited", ROLES.limitedGuest);
  const repository = content.as(MIA).repository("team/app");
  for (let n = 0; n < 2; n++) {
    digests.push(await pushSample(repository, sampleImage(), ["v1", `build-${n}`]));
    if (n === 0) pushed = await catalog.head();
  }
  moved = await catalog.head();
  await content.as(RUN).repository("team/app").delete("build-0");
});
afterAll(() => server.close());

const as = (username: string) =>
  apiClient({ url: server.url, credential: { username, password: PASSWORD } });

test("a tag's history: from which digest to which, by whom, through what", async () => {
  const query = { repository: "app", tag: "v1" };
  const { body } = await api.projectHistory.list({ ...team, query });
  expect(body).toMatchObject([
    { operation: "update", from_digest: digests[0], to_digest: digests[1], username: "mia" },
    { operation: "create", from_digest: null, to_digest: digests[0], cause: "request-1" },
  ]);
  const gone = await api.projectHistory.list({ ...team, query: { deletions: true } });
  expect(gone.body).toMatchObject([
    {
      operation: "delete",
      resource_type: "tag",
      resource: "team/app:build-0",
      from_digest: digests[0],
      to_digest: null,
      username: "system:retention",
      execution_id: 12,
      after: null,
    },
  ]);
});

test("an artifact's history has the tags that came to it, and what ended that", async () => {
  const query = { repository: "app", digest: digests[0]! };
  const { body } = await api.projectHistory.list({ ...team, query });
  expect(body.map((entry) => `${entry.operation} ${entry.resource.split(/[:@]/)[1]}`)).toEqual([
    "delete build-0",
    "update v1",
    "create v1",
    "create build-0",
    "create sha256",
  ]);
});

test.each([
  [{ kind: "tag" }, 5],
  [{ kind: "repository,project" }, 2],
  [{ username: "system:retention" }, 1],
  [{ cause: "execution:12" }, 1],
  [{ prefix: "team/app:build" }, 3],
  [{ since: "2000-01-01T00:00:00Z", until: "2000-01-02T00:00:00Z" }, 0],
  [{ since: "2000-01-01T00:00:00+01:00", kind: "tag" }, 5],
])("filters: %o", async (query, count) => {
  const found = await Array.fromAsync(
    api.each(routes.projectHistory.list, { ...team, query: { ...query, page_size: 2 } }),
  );
  expect(found).toHaveLength(count);
});

test("by seq, both ways, page by page", async () => {
  const query = { kind: "tag", page_size: 2 };
  const newest = await Array.fromAsync(api.each(routes.projectHistory.list, { ...team, query }));
  const oldest = await Array.fromAsync(
    api.each(routes.projectHistory.list, { ...team, query: { ...query, newer_than: 0 } }),
  );
  expect(newest.map(({ seq }) => seq)).toEqual(oldest.map(({ seq }) => seq).toReversed());
  const since = { kind: "tag", since: `seq:${pushed}`, until: `seq:${moved}` };
  const { body } = await api.projectHistory.list({ ...team, query: since });
  expect(body.every(({ seq }) => seq >= pushed && seq <= moved)).toBe(true);
});

test("names at a moment, page by page at the moment first asked for", async () => {
  const query = { at: `seq:${pushed}`, page_size: 1 };
  const found = await Array.fromAsync(api.each(routes.projectHistory.at, { ...team, query }));
  expect(found.map(({ resource, digest }) => [resource, digest])).toEqual([
    ["team/app:build-0", digests[0]],
    ["team/app:v1", digests[0]],
  ]);
  const repositories = { at: `seq:${pushed}`, kind: "repository" } as const;
  const all = await api.history.at({ query: { ...repositories, project: "team" } });
  expect(all.body.map(({ resource }) => resource)).toEqual(["team/app"]);
  const manifests = { at: `seq:${moved}`, kind: "manifest", repository: "app" } as const;
  const sized = await api.projectHistory.at({ ...team, query: manifests });
  expect(sized.body.map(({ digest }) => digest)).toEqual(digests.toSorted());
  expect(sized.body.every(({ size }) => Number(size) > 0)).toBe(true);
});

test("what differs between two moments, with counts on the first page", async () => {
  const query = { from: `seq:${pushed}`, kind: "tag", page_size: 2 };
  const { body: first } = await api.projectHistory.diff({ ...team, query });
  expect(first.counts).toEqual({ created: 1, gone: 1, moved: 1, changed: 0 });
  expect(first.differences).toMatchObject([
    { operation: "gone", resource: "team/app:build-0", from_digest: digests[0], to_digest: null },
    { operation: "created", resource: "team/app:build-1", to_digest: digests[1] },
  ]);
  const next = { ...query, last: first.next! };
  const { body: second } = await api.projectHistory.diff({ ...team, query: next });
  expect(second).toMatchObject({
    counts: null,
    next: null,
    differences: [{ operation: "moved", from_digest: digests[0], to_digest: digests[1] }],
  });
});

test.each([
  [{ at: "14:03" }, "BAD_REQUEST"],
  [{ at: "2026-01-31T14:03:00" }, "BAD_REQUEST"],
  [{ at: "seq:999999" }, "BAD_REQUEST"],
  [{ at: "2999-01-01T00:00:00Z" }, "UNPROCESSABLE"],
])("%o: %s", async (query, code) => {
  await expect(api.history.at({ query })).rejects.toMatchObject({ code });
});

test.each([
  { tag: "v1" },
  { repository: "app", tag: "v1", digest: "sha256:1" },
  { kind: "tags" },
  { since: "yesterday" },
])("history of %o is refused", async (query) => {
  const asking = api.projectHistory.list({ ...team, query });
  await expect(asking).rejects.toMatchObject({ code: "BAD_REQUEST" });
});

test("who may not list members does not read of them", async () => {
  const kindsSeenBy = async (username: string) => {
    const query = { page_size: 100 };
    const { body } = await as(username).projectHistory.list({ ...team, query });
    return new Set(body.map((entry) => entry.resource_type));
  };
  expect([...(await kindsSeenBy("guest"))].toSorted()).toEqual([
    "manifest",
    "member",
    "project",
    "repository",
    "tag",
  ]);
  expect(await kindsSeenBy("limited")).not.toContain("member");
});

test("a project's history begins with its creation; before, for system admins alone", async () => {
  const { access, catalog, content } = server;
  await content.projects.create(MIA, { name: "reused", public: false });
  await pushSample(content.as(MIA).repository("reused/app"), sampleImage(), ["secret"]);
  const then = `seq:${await catalog.head()}`;
  await content.deleteRepository(MIA, "reused/app");
  await content.projects.remove(MIA, "reused");
  const query = { project: "reused", kind: "tag" };
  expect((await api.history.list({ query })).body).toHaveLength(2);

  await content.projects.create(MIA, { name: "reused", public: false });
  await access.setMember(MIA, "reused", "taker", ROLES.projectAdmin);
  const reused = { params: { project_name_or_id: "reused" } };
  const { body } = await as("taker").projectHistory.list(reused);
  expect(body.map((entry) => entry.resource)).toEqual(["reused/taker", "reused"]);
  const looking = as("taker").projectHistory.at({ ...reused, query: { at: then } });
  await expect(looking).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await api.projectHistory.at({ ...reused, query: { at: then } })).body).toHaveLength(1);
});

test("how much happened over time, within what the caller may see", async () => {
  const { body: all } = await api.projectHistory.list({ ...team, query: { page_size: 100 } });
  const { body } = await api.projectHistory.band({ ...team, query: { bars: 10 } });
  expect(body.bars).toHaveLength(10);
  expect(body.begins).toBeNull();
  const sum = (field: "changes" | "deletions", { bars }: typeof body) =>
    bars.reduce((total, bar) => total + bar[field], 0);
  expect(sum("changes", body)).toBe(all.length);
  expect(sum("deletions", body)).toBe(all.filter(({ after }) => after === null).length);
  expect(body.bars[0]!.changes).toBeGreaterThan(0);

  const ofTag = { repository: "app", tag: "v1" };
  const { body: tag } = await api.projectHistory.band({ ...team, query: ofTag });
  expect(sum("changes", tag)).toBe(2);
  const later = { since: body.to, until: new Date(Date.parse(body.to) + 1_000).toISOString() };
  const { body: none } = await api.history.band({ query: { ...later, project: "team" } });
  expect(sum("changes", none)).toBe(0);
  await expect(as("guest").history.band()).rejects.toMatchObject({ code: "FORBIDDEN" });
  const swapped = { since: later.until, until: later.since };
  await expect(api.history.band({ query: swapped })).rejects.toMatchObject({ code: "BAD_REQUEST" });
});
