import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { hexOf } from "@entrepot/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chanceOf, replay, SEED } from "../simulation/seed.ts";
import { changingTags, untilEndOf } from "./changing-tags.ts";
import { type DockerRegistry, hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, changesMadeTwice, journalDifferences, logsOfFailures } from "./entrepot-state.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { makeImage } from "./images.ts";
import { pushOnce } from "./push-client.ts";
import { contentsOf, sameContents } from "./registry-contents.ts";
import { someFault } from "./some-fault.ts";

const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const KILLS = Number(process.env["ENTREPOT_TEST_ROUNDS"] ?? (isLong ? 80 : 10));
const LIMIT_MS = isLong ? 1_800_000 : 120_000;
/** How long both sides may take to become equal: long runs are beside other work. */
const EQUAL_MS = isLong ? 600_000 : 45_000;

const skipped = hasDockerRegistry ? "" : " (skipped: docker-registry is not installed)";
const title = `docker-registry ends equal whoever is killed${skipped}`;
const again = replay("tests/interop/crash-docker-registry.test.ts");

describe.skipIf(!hasDockerRegistry)(`${title}: ${again}`, () => {
  let source: EntrepotProcess;
  let target: DockerRegistry;
  /** The line between the two. */
  let line: FaultProxy;

  logsOfFailures(() => [source]);
  beforeAll(async () => {
    [source, target] = await Promise.all([runEntrepot({ name: "source" }), runDockerRegistry()]);
    line = await faultProxy(target.url);
    const endpoint = await createEndpoint(source, "plain", "docker-registry", line);
    await pushPolicy(source, "everything", endpoint);
  });
  afterAll(async () => {
    await line?.close();
    await Promise.all([source?.close(), target?.close()]);
  });

  async function killEither(): Promise<void> {
    const chance = chanceOf(SEED + 1);
    for (let n = 0; n < KILLS; n++) {
      const victim = chance.random() < 0.5 ? source : target;
      await pause(chance.between(0, 700));
      victim.kill9();
      await pause(chance.between(0, 300));
      await victim.restart();
    }
  }

  test("names that it was killed while writing are mended", async () => {
    const [name, image] = ["library/torn", makeImage()];
    await pushOnce(source, name, image, "t1");
    await sameContents(source, target, undefined, EQUAL_MS);
    const manifests = join(target.repositoryFolder(name), "_manifests");
    const revision = join(manifests, "revisions/sha256", hexOf(image.content.digest), "link");
    for (const link of [revision, join(manifests, "tags/t1/current/link")]) {
      await truncate(link);
    }
    // Both tags name what cannot be asked for there.
    await pushOnce(source, name, image, "t2");
    await pushOnce(source, name, makeImage(), "t1");
    await sameContents(source, target, undefined, EQUAL_MS);
  });

  test(`${KILLS} kills at any moment, over a bad line`, { timeout: LIMIT_MS }, async () => {
    const faults = chanceOf(SEED + 2);
    line.plan(() => someFault(faults, 0.2));
    const acknowledged = new Map(Object.entries(await contentsOf(source)));
    await untilEndOf(killEither(), changingTags(source, chanceOf(), acknowledged));
    line.plan(() => ({}));

    const expected = Object.fromEntries([...acknowledged].toSorted());
    expect(await contentsOf(source)).toEqual(expected);
    expect(await sameContents(source, target, undefined, EQUAL_MS)).toEqual(expected);
    await atRest(source, EQUAL_MS);
    expect(await journalDifferences(source)).toEqual([]);
    expect(await changesMadeTwice(source)).toEqual([]);
  });
});
