import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { RemoteRegistry } from "@entrepot/distribution/client";
import { collect, copyTag, type CopySource, type CopyTarget } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chanceOf, replay } from "../simulation/seed.ts";
import { type DockerRegistry, hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { type Fault, type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { makeImage } from "./images.ts";

const SILENCE_MS = 400;
const SIZE = 1024 * 1024;
const MOST_ATTEMPTS = 8;

const skipped = hasDockerRegistry ? "" : " (skipped: docker-registry is not installed)";
const again = replay("tests/interop/line-faults.test.ts");

describe.skipIf(!hasDockerRegistry)(`a bad line to docker-registry${skipped}: ${again}`, () => {
  const chance = chanceOf();
  const amid = () => chance.between(2_000, SIZE);
  const faults: Readonly<Record<string, () => Fault>> = {
    "refused connections": () => ({ refuse: true }),
    "answers that break off": () => ({ cutAfterBytes: amid() }),
    "requests that break off": () => ({ cutAfterSentBytes: amid() }),
    "slow answers": () => ({ delayMs: 20 }),
    "answers that stall": () => ({ stallAfterBytes: amid() }),
    "requests that stall": () => ({ stallAfterSentBytes: amid() }),
    "half-closed connections": () => ({ halfCloseAfterBytes: amid() }),
    "server errors": () => ({ answer: { status: chance.oneOf([500, 502, 503, 504]) } }),
    "rate limits": () => ({ answer: { status: 429, headers: { "retry-after": "0" } } }),
    "wrong bytes": () => ({ corruptByte: chance.between(SIZE / 2, SIZE - 1) }),
  };
  let served: DockerRegistry;
  let line: FaultProxy;
  let remote: RemoteRegistry;

  beforeAll(async () => {
    served = await runDockerRegistry();
    line = await faultProxy(served.url);
    const limits = { bodyTimeoutMs: SILENCE_MS, sendTimeoutMs: SILENCE_MS };
    const fetch = endpointFetch({ ...limits, headersTimeoutMs: SILENCE_MS });
    remote = remoteRegistry({ url: line.url, fetch });
  });
  afterAll(async () => {
    await remote?.close();
    await line?.close();
    await served?.close();
  });

  /** Copies until it succeeds, as attempts of a task do. Returns how many times it took. */
  async function copied(from: CopySource, to: CopyTarget): Promise<number> {
    const root = (await memory.repository("library/app").resolve("v1"))!;
    for (let attempt = 1; ; attempt++) {
      try {
        await copyTag(from, to, "v1", root);
        return attempt;
      } catch (error) {
        // What came wrong is not taken for right.
        if ((await to.resolve("v1").catch(() => null)) !== null) throw error;
        if (attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }
  const memory = memoryRegistry();

  test.each(Object.entries(faults))("%s: all arrives, both ways", async (kind, fault) => {
    const image = makeImage({ files: { made: chance.bytes(SIZE) } });
    const own = memory.repository("library/app");
    await pushSample(own, image, ["v1"]);
    const there = remote.repository(`faults/${kind.replaceAll(/[^a-z]+/g, "-")}`);
    const bad = (n: number) => (n < 3 ? fault() : {});

    line.plan(bad);
    await copied(own, there);
    line.plan(bad);
    const back = memory.repository(`back/${kind.replaceAll(/[^a-z]+/g, "-")}`);
    await copied(there, back);
    expect(line.connections).toBeGreaterThan(0);
    expect((await back.resolve("v1"))?.digest).toBe(image.content.digest);
    for (const { content, bytes } of image.children) {
      const arrived = await collect(await back.fetch(content), SIZE * 2);
      expect(Buffer.compare(arrived, bytes)).toBe(0);
    }
  });
});
