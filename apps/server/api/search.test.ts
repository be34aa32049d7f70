import { apiClient } from "@entrepot/api/client";
import { ROLES } from "@entrepot/access";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
const PASSWORD = "correct horse";
let server: TestServer;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { access, content } = server;
  for (const name of ["harbour", "old-harbour", "town"]) {
    await content.projects.create(ACTOR, { name, public: false });
  }
  await content.projects.create(ACTOR, { name: "open-harbour", public: true });
  await access.createAccount(ACTOR, { username: "guest", password: PASSWORD });
  await access.setMember(ACTOR, "harbour", "guest", ROLES.guest);
  for (const name of ["harbour/crane", "town/harbour-map", "open-harbour/ship"]) {
    await pushSample(content.as(ACTOR).repository(name), sampleImage(), ["v1"]);
  }
});
afterAll(() => server.close());

const as = (username: string | null) =>
  apiClient({
    url: server.url,
    ...(username === "admin" && { credential: server.credential }),
    ...(username === "guest" && { credential: { username, password: PASSWORD } }),
  });

test.each([
  [
    "admin",
    ["harbour", "old-harbour", "open-harbour"],
    ["harbour/crane", "open-harbour/ship", "town/harbour-map"],
  ],
  ["guest", ["harbour", "open-harbour"], ["harbour/crane", "open-harbour/ship"]],
  [null, ["open-harbour"], ["open-harbour/ship"]],
])("%s finds what it may see, beginnings first", async (who, projects, repositories) => {
  const { body } = await as(who).search.find({ query: { q: "HARBOUR" } });
  expect(body.project.map(({ name }) => name)).toEqual(projects);
  expect(body.repository.map((found) => found.repository_name)).toEqual(repositories);
});

test.each([
  ["", 0],
  ["%", 0],
  ["harbour", 1],
])("%j is a text and no pattern; a limit holds", async (q, count) => {
  const { body } = await as("admin").search.find({ query: { q, limit: 1 } });
  expect(body.project).toHaveLength(count);
});

test("an artifact's manifest is shown byte for byte, with its config if it has one", async () => {
  const { content } = server;
  const image = sampleImage();
  const index = sampleIndex([image]);
  await pushSample(content.as(ACTOR).repository("town/a/b"), index, ["v1"]);
  const at = (reference: string) => ({
    params: { project_name: "town", repository_name: "a/b", reference },
  });
  const ofIndex = await as("admin").artifactContent.get(at("v1"));
  expect(ofIndex.body).toMatchObject({ digest: index.content.digest, config: null });
  expect(ofIndex.body.manifest).toBe(Buffer.from(index.bytes).toString());

  const { body } = await as("admin").artifactContent.get(at(image.content.digest));
  expect(JSON.parse(body.manifest).config).toMatchObject({ digest: body.config!.digest });
  expect(body.config!.text).toBe(Buffer.from(image.children[0]!.bytes).toString());
});
