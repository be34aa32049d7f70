import type { NewPolicy } from "@entrepot/api";
import { apiClient } from "@entrepot/api/client";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type DockerRegistry, hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { makeTwoPlatforms } from "./images.ts";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 30_000, interval: 50 };
const skipped = hasDockerRegistry ? "" : " (skipped: docker-registry is not installed)";

describe.skipIf(!hasDockerRegistry)(`one platform of an index to docker-registry${skipped}`, () => {
  const index = makeTwoPlatforms();
  let here: TestServer;
  let plain: DockerRegistry;
  let api: ReturnType<typeof apiClient>;
  let endpoint: number;
  beforeAll(async () => {
    [here, plain] = await Promise.all([testServer(), runDockerRegistry()]);
    api = apiClient({ url: here.url, credential: here.credential });
    const body = { name: "plain", type: "docker-registry", url: plain.url };
    endpoint = Number((await api.registries.create({ body: body as never })).created);
    await pushSample(here.content.as(ACTOR).repository("library/multi"), index, ["v1"]);
  });
  afterAll(() => Promise.all([here?.close(), plain?.close()]));

  /** A run that copies linux/arm64 alone, into a namespace of its own. */
  async function run(mode: "sparse" | "rewritten") {
    const settings = {
      name: mode,
      dest_registry: { id: endpoint },
      dest_namespace: mode,
      filters: [
        { type: "name", value: "library/multi" },
        { type: "platform", value: "linux/arm64" },
      ],
      index_mode: mode,
    };
    const policy = Number((await api.policies.create({ body: settings as NewPolicy })).created);
    const { created } = await api.executions.start({ body: { policy_id: policy } });
    const ended = await vi.waitFor(async () => {
      const { body } = await api.executions.get({ params: { id: Number(created) } });
      expect(body.status).not.toBe("InProgress");
      return body;
    }, SOON);
    return { policy, ended };
  }
  const accept = "application/vnd.oci.image.index.v1+json";
  const ask = (name: string, reference: string) =>
    fetch(`${plain.url}/v2/${name}/manifests/${reference}`, {
      headers: { accept: `${accept}, application/vnd.oci.image.manifest.v1+json` },
    });

  test("sparse: it takes none, and the failure says what to do instead", async () => {
    const { policy, ended } = await run("sparse");
    expect(ended).toMatchObject({ status: "Failed", failed: 1 });
    const { body } = await api.replicas.list({ params: { id: policy } });
    expect(body).toMatchObject([
      {
        failure: { kind: "target_refuses" },
        last_error: expect.stringMatching(/without all of its children; have it rewritten/),
      },
    ]);
    expect((await ask("sparse/multi", "v1")).status).toBe(404);
  });

  test("rewritten: an index of that platform alone, which can be pulled whole", async () => {
    const { policy, ended } = await run("rewritten");
    expect(ended).toMatchObject({ status: "Succeed", failed: 0 });
    const found = await ask("rewritten/multi", "v1");
    expect(found.headers.get("content-type")).toBe(accept);
    const { manifests } = (await found.json()) as { manifests: { digest: string }[] };
    const arm = index.children[1]!.content.digest;
    expect(manifests.map(({ digest }) => digest)).toEqual([arm]);
    expect((await ask("rewritten/multi", arm)).status).toBe(200);
    expect((await ask("rewritten/multi", index.children[0]!.content.digest)).status).toBe(404);
    const again = await api.executions.start({ body: { policy_id: policy } });
    await vi.waitFor(async () => {
      const { body } = await api.executions.get({ params: { id: Number(again.created) } });
      // The comparison finds it equal: there is nothing to copy.
      expect(body).toMatchObject({ status: "Succeed", total: 1 });
    }, SOON);
  });
});
