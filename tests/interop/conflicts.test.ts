import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { cosignTagOf } from "@entrepot/oci";
import { pushSample, type Sample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type DockerRegistry, hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { pushOnce } from "./push-client.ts";
import { contentsOf } from "./registry-contents.ts";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 30_000, interval: 50 };

let here: TestServer;
let there: TestServer;
let api: ReturnType<typeof apiClient>;
let round = 0;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
  api = apiClient({ url: here.url, credential: here.credential });
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

async function endpointAt({ url, credential }: Partial<TestServer> & { url: string }) {
  const body = {
    name: `e${++round}`,
    type: credential ? "harbor" : "docker-registry",
    url,
    ...(credential && {
      credential: { access_key: credential.username, access_secret: credential.password },
    }),
  };
  return Number((await api.registries.create({ body })).created);
}

/** A policy by events for `repository` alone. */
async function policyFor(repository: string, endpoint: number, rest: Partial<NewPolicy> = {}) {
  const settings = {
    name: `p${++round}`,
    dest_registry: { id: endpoint },
    dest_namespace_replace_count: -1,
    filters: [{ type: "name", value: repository }],
    trigger: { type: "event_based" },
    deletion: true,
    ...rest,
  };
  return Number((await api.policies.create({ body: settings as NewPolicy })).created);
}

const at = (server: TestServer, repository: string) =>
  server.content.as(ACTOR).repository(repository);
const digestAt = async (server: TestServer, repository: string, reference: string) =>
  (await at(server, repository).resolve(reference))?.digest ?? null;
const arrives = (repository: string, tag: string, digest: string | null) =>
  vi.waitFor(async () => expect(await digestAt(there, repository, tag)).toBe(digest), SOON);
const conflictsOf = async (repository: string) => {
  const { body } = await api.conflicts.list({ query: { page: 1, page_size: 100 } });
  return body.filter((conflict) => conflict.repository === repository);
};

const title = hasDockerRegistry
  ? "a tag that somebody else has moved at a docker-registry"
  : "a tag that somebody else has moved at a docker-registry (skipped: it is not installed)";

describe.skipIf(!hasDockerRegistry)(title, () => {
  let plain: DockerRegistry;
  let endpoint: number;
  beforeAll(async () => {
    plain = await runDockerRegistry();
    endpoint = await endpointAt({ url: plain.url });
  });
  afterAll(() => plain?.close());

  /** One tag there, moved there by somebody else, then moved here. */
  async function movedOnBothSides(on_conflict: "overwrite" | "report") {
    const repository = `library/${on_conflict}`;
    const policy = await policyFor(repository, endpoint, { on_conflict });
    const isThere = ({ content: { digest } }: Sample) =>
      vi.waitFor(async () => {
        expect((await contentsOf(plain))[`${repository}:v1`]).toBe(digest);
      }, SOON);
    const [first, theirs, ours] = [sampleImage(), sampleImage(), sampleImage()];
    await pushSample(at(here, repository), first, ["v1"]);
    await isThere(first);
    // The run that the policy began with has looked, too: else it meets what comes now.
    await vi.waitFor(async () => {
      const { body } = await api.executions.list({ query: { policy_id: policy } });
      expect(body.map(({ status }) => status)).not.toContain("InProgress");
    }, SOON);
    await pushOnce(plain, repository, theirs, "v1");
    await pushSample(at(here, repository), ours, ["v1"]);
    const met = await vi.waitFor(async () => {
      const [conflict] = await conflictsOf(repository);
      expect(conflict).toBeDefined();
      return conflict!;
    }, SOON);
    const [mine, other] = [ours.content.digest, theirs.content.digest];
    return { repository, policy, isThere, theirs, ours, mine, other, met };
  }

  test("overwrite: ours takes its place; what lost is listed until dismissed", async () => {
    const { repository, policy, isThere, ours, theirs, mine, other, met } =
      await movedOnBothSides("overwrite");
    await isThere(ours);
    expect(met).toMatchObject({ tag: "v1", winner: mine, loser: other, policy_id: policy });
    // Nothing is deleted there: whoever wants it after all can tag it again.
    const loser = await fetch(`${plain.url}/v2/${repository}/manifests/${other}`, {
      headers: { accept: theirs.content.mediaType },
    });
    expect(loser.status).toBe(200);

    await api.conflicts.dismiss({ params: { id: met.id } });
    expect(await conflictsOf(repository)).toEqual([]);
    await expect(api.conflicts.dismiss({ params: { id: met.id } })).rejects.toMatchObject({
      status: 404,
    });
  });

  test("report: theirs is kept, and every change here is listed", async () => {
    const { repository, policy, isThere, theirs, mine, other, met } =
      await movedOnBothSides("report");
    await isThere(theirs);
    expect(met).toMatchObject({ tag: "v1", winner: other, loser: mine, policy_id: policy });
    // It counts as dealt with: nothing is behind, nothing is tried again.
    await vi.waitFor(async () => {
      const query = { behind: true };
      const { body } = await api.replicas.list({ params: { id: policy }, query });
      expect(body).toEqual([]);
    }, SOON);
    await isThere(theirs);
    expect(await conflictsOf(repository)).toHaveLength(1);
    // It is theirs from now on: another change here is reported, too.
    await pushSample(at(here, repository), sampleImage(), ["v1"]);
    await vi.waitFor(async () => expect(await conflictsOf(repository)).toHaveLength(2), SOON);
    await isThere(theirs);
  });
});

describe("between Entrepots", () => {
  let endpoint: number;
  beforeAll(async () => {
    endpoint = await endpointAt(there);
  });

  test("cosign's tags go in lanes of their own, with the clocks of their own changes", async () => {
    const repository = "library/signed";
    const image = sampleImage();
    const tag = `${cosignTagOf(image.content.digest)}.sig`;
    const [first, second] = [sampleImage(), sampleImage()];
    // Before anything selects it: it comes as a companion of the image's tag.
    await pushSample(at(here, repository), image);
    await pushSample(at(here, repository), first, [tag]);
    await policyFor(repository, endpoint, {
      filters: [
        { type: "name", value: repository },
        { type: "tag", value: "v*" },
      ],
    });
    await at(here, repository).tag("v1", image.content.digest);
    await arrives(repository, "v1", image.content.digest);
    await arrives(repository, tag, first.content.digest);

    await pushSample(at(here, repository), second, [tag]);
    await arrives(repository, tag, second.content.digest);
    // What carries the image once more brings no older signature along.
    await at(here, repository).tag("v2", image.content.digest);
    await arrives(repository, "v2", image.content.digest);
    expect(await digestAt(there, repository, tag)).toBe(second.content.digest);
    const clocks = async ({ catalog }: TestServer) => {
      const row = catalog.db.selectFrom("name_clock").select("clock");
      return (await row.where("key", "=", `${repository}:${tag}`).executeTakeFirst())?.clock;
    };
    expect(await clocks(there)).toBe(await clocks(here));
  });

  test("what is brought back by hand is a change of today and outlives the deletion", async () => {
    const repository = "library/back";
    const policy = await policyFor(repository, endpoint);
    const image = sampleImage();
    await pushSample(at(here, repository), image, ["v1"]);
    await arrives(repository, "v1", image.content.digest);
    await at(there, repository).delete("v1");

    await api.executions.start({ body: { policy_id: policy } });
    await arrives(repository, "v1", image.content.digest);
    // Nobody here knew of the deletion there: it is told there that it has lost.
    const { catalog } = there;
    const listed = catalog.db.selectFrom("replication_conflict").selectAll();
    expect(await listed.where("repository", "=", repository).execute()).toMatchObject([
      { tag: "v1", winner: image.content.digest, loser: null },
    ]);
    const entries = (await catalog.entries(0, 10_000)).filter(
      ({ kind, key }) => kind === "tag" && key === `${repository}:v1`,
    );
    expect(entries.map(({ after }) => after?.["digest"] ?? null)).toEqual([
      image.content.digest,
      null,
      image.content.digest,
    ]);
    // Told here late, it takes nothing away.
    const deletion = entries[1]!;
    const late = {
      name: "late",
      cause: "late",
      origin: { registry: catalog.registryId, seq: deletion.seq },
      path: [catalog.registryId],
      clock: deletion.clock!,
    };
    await here.content.as(late).repository(repository).delete("v1");
    expect(await digestAt(here, repository, "v1")).toBe(image.content.digest);
  });
});
