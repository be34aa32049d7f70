import { apiClient } from "@entrepot/api/client";
import { compareWithTables } from "@entrepot/catalog";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;
let api: ReturnType<typeof apiClient>;
let library: number;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { url, credential } = server;
  api = apiClient({ url, credential });
  const params = { project_name_or_id: "library" };
  library = (await api.projects.get({ params })).body.project_id;
});
afterAll(() => server?.close());

async function image(name: string) {
  const sample = sampleImage();
  await pushSample(server.content.as(ACTOR).repository(`library/${name}`), sample, ["v1"]);
  const params = { project_name: "library", repository_name: name, reference: "v1" };
  return { params, digest: sample.content.digest };
}

const label = async (name: string, project_id = 0) => {
  const scope = project_id === 0 ? ("g" as const) : ("p" as const);
  const { created } = await api.labels.create({ body: { name, scope, project_id } });
  return Number(created);
};
const labelsOf = async ({ params }: Awaited<ReturnType<typeof image>>) => {
  const { body } = await api.artifacts.get({ params, query: { with_label: true } });
  return body.labels.map(({ name }) => name);
};

/** The newest entry of each key of `kind` that holds `text`. */
async function journalOf(kind: string, text: string) {
  const entries = (await server.catalog.entries(0, 10_000)).filter(
    (entry) => entry.kind === kind && entry.key.includes(text),
  );
  return Object.fromEntries(entries.map(({ key, after }) => [key, after]));
}

test("an artifact carries global labels and its project's, shown where asked for", async () => {
  const app = await image("carrier");
  const [gold, own] = [await label("gold"), await label("own", library)];
  for (const id of [gold, own]) {
    await api.artifacts.addLabel({ params: app.params, body: { id } });
  }
  const again = api.artifacts.addLabel({ params: app.params, body: { id: gold } });
  await expect(again).rejects.toThrow(/already/);

  expect(await labelsOf(app)).toEqual(["gold", "own"]);
  const { body: plain } = await api.artifacts.get({ params: app.params });
  expect(plain.labels).toEqual([]);
  expect(await journalOf("artifact_label", "carrier")).toEqual({
    [`library/carrier@${app.digest}`]: {
      repository: "library/carrier",
      digest: app.digest,
      labels: ["/gold", "library/own"],
    },
  });

  await api.artifacts.removeLabel({ params: { ...app.params, label_id: gold } });
  expect(await labelsOf(app)).toEqual(["own"]);
  await expect(
    api.artifacts.removeLabel({ params: { ...app.params, label_id: gold } }),
  ).rejects.toThrow(/not on/);
  expect(await compareWithTables(server.catalog)).toEqual([]);
});

test("a label that is renamed or deleted is so on all artifacts, as the journal says", async () => {
  const artifacts = [await image("one"), await image("two")];
  const id = await label("stage");
  for (const { params } of artifacts) await api.artifacts.addLabel({ params, body: { id } });

  await api.labels.update({ params: { label_id: id }, body: { name: "live", color: "#00aa00" } });
  expect(await labelsOf(artifacts[1]!)).toEqual(["live"]);
  expect(await journalOf("label", "/live")).toEqual({
    "/live": { project: null, name: "live", description: "", color: "#00aa00" },
  });
  expect(await compareWithTables(server.catalog)).toEqual([]);

  await api.labels.delete({ params: { label_id: id } });
  expect(await labelsOf(artifacts[0]!)).toEqual([]);
  expect(await compareWithTables(server.catalog)).toEqual([]);
});

test("labels go with their artifacts, repositories and projects", async () => {
  const [lone, sibling] = [await image("lone"), await image("gone")];
  const id = await label("doomed");
  for (const { params } of [lone, sibling]) await api.artifacts.addLabel({ params, body: { id } });
  await api.artifacts.delete({ params: lone.params });
  await server.content.deleteRepository(ACTOR, "library/gone");
  expect(await journalOf("artifact_label", "library/gone")).toEqual({
    [`library/gone@${sibling.digest}`]: null,
  });

  await api.projects.create({ body: { project_name: "short" } });
  const params = { project_name_or_id: "short" };
  const { body: project } = await api.projects.get({ params });
  await label("brief", project.project_id);
  await api.projects.delete({ params });
  expect(await journalOf("label", "short/")).toEqual({ "short/brief": null });
  expect(await compareWithTables(server.catalog)).toEqual([]);
});

test("a project's label is not for artifacts of others, nor in others' lists", async () => {
  await api.projects.create({ body: { project_name: "other" } });
  const { body: other } = await api.projects.get({ params: { project_name_or_id: "other" } });
  const id = await label("theirs", other.project_id);
  const { params } = await image("stranger");
  await expect(api.artifacts.addLabel({ params, body: { id } })).rejects.toThrow(/does not exist/);

  const namesIn = async (query: object) =>
    (await api.labels.list({ query: { name: "theirs", ...query } })).body.map(({ name }) => name);
  expect(await namesIn({ scope: "p", project_id: other.project_id })).toEqual(["theirs"]);
  expect(await namesIn({ scope: "p", project_id: library })).toEqual([]);
  expect(await namesIn({})).toEqual([]);
  await expect(namesIn({ scope: "p" })).rejects.toThrow(/project_id/);
});

test("a name is taken once per scope, and is a name", async () => {
  await label("once");
  await expect(label("once")).rejects.toThrow(/named 'once' already/);
  const own = await label("once", library);
  await label("twice", library);
  const params = { label_id: own };
  await expect(api.labels.update({ params, body: { name: "twice" } })).rejects.toThrow(/already/);
  await expect(label(" ")).rejects.toThrow(/1 to 128/);
  await expect(api.labels.update({ params, body: { color: "red" } })).rejects.toThrow(/#rrggbb/);
});
