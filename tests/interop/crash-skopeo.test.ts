import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chance, chanceOf, replay, SEED } from "../simulation/seed.ts";
import { untilEndOf, type Work } from "./changing-tags.ts";
import { createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, changesMadeTwice, journalDifferences, logsOfFailures } from "./entrepot-state.ts";
import { makeImage, writeLayout } from "./images.ts";
import { contentsOf, readEverything, sameContents } from "./registry-contents.ts";
import { hasSkopeo, skopeoPush } from "./skopeo.ts";

const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const KILLS = Number(process.env["ENTREPOT_TEST_ROUNDS"] ?? (isLong ? 60 : 6));
const LIMIT_MS = isLong ? 1_800_000 : 120_000;
/** How long both sides may take to become equal: long runs are beside other work. */
const EQUAL_MS = isLong ? 600_000 : 45_000;
const STREAMS = 2;

const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";
const title = `what skopeo has pushed is not lost${skipped}`;

describe.skipIf(!hasSkopeo)(`${title}: ${replay("tests/interop/crash-skopeo.test.ts")}`, () => {
  let source: EntrepotProcess;
  let target: EntrepotProcess;
  let folder: string;
  /** What skopeo has reported: the digest of each tag. */
  const reported = new Map<string, string>();
  /** How often the source has gone down or come up. */
  let turns = 0;
  let isReady = true;

  logsOfFailures(() => [source, target]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-layouts-"));
    [source, target] = await Promise.all([
      runEntrepot({ name: "source" }),
      runEntrepot({ name: "target" }),
    ]);
    const endpoint = await createEndpoint(source, "peer", "harbor", target);
    await pushPolicy(source, "everything", endpoint);
  });
  afterAll(async () => {
    await Promise.all([source?.close(), target?.close()]);
    if (folder) await rm(folder, { recursive: true });
  });

  async function killSource(chance: Chance): Promise<void> {
    for (let n = 0; n < KILLS; n++) {
      await pause(chance.between(0, 1500));
      isReady = false;
      turns++;
      source.kill9();
      await pause(chance.between(0, 300));
      await source.restart();
      turns++;
      isReady = true;
    }
  }

  /** Pushes until it succeeds. A push that fails though the server was up all the time is wrong. */
  async function push(layout: string, reference: string, givenUp: AbortSignal): Promise<string> {
    for (;;) {
      const [wasReady, before] = [isReady, turns];
      try {
        return await skopeoPush(layout, "image", source, reference);
      } catch (error) {
        if (givenUp.aborted || (wasReady && before === turns)) throw error;
        await pause(50);
      }
    }
  }

  /** A stream of images, one after the other, each under some tags of its own repository. */
  function pushes(stream: number): Work {
    const chance = chanceOf(SEED + 1 + stream);
    const base = chanceOf(SEED).bytes(200_000);
    const layout = join(folder, String(stream));
    return async (givenUp) => {
      const own = chance.bytes(chance.between(100, 600_000));
      const image = makeImage({ files: { base, own } });
      await writeLayout(layout, { image });
      for (let tags = chance.between(1, 4); tags > 0; tags--) {
        const key = `library/skopeo-${stream}:t${chance.between(0, 5)}`;
        reported.delete(key);
        const digest = await push(layout, key, givenUp);
        expect(digest).toBe(image.content.digest);
        reported.set(key, digest);
      }
    };
  }

  test(`${KILLS} kills at any moment of its pushes`, { timeout: LIMIT_MS }, async () => {
    const killed = killSource(chanceOf(SEED + 1 + STREAMS));
    const streams = Array.from({ length: STREAMS }, (_, stream) => pushes(stream));
    await Promise.all(streams.map((work) => untilEndOf(killed, work)));

    const expected = Object.fromEntries([...reported].toSorted());
    expect(Object.keys(expected).length).toBeGreaterThan(STREAMS);
    expect(await contentsOf(source)).toEqual(expected);
    await readEverything(source, expected);
    expect(await sameContents(source, target, undefined, EQUAL_MS)).toEqual(expected);
    await atRest(source, EQUAL_MS);
    expect(await journalDifferences(source)).toEqual([]);
    expect(await journalDifferences(target)).toEqual([]);
    expect(await changesMadeTwice(source)).toEqual([]);
    expect(await changesMadeTwice(target)).toEqual([]);
  });
});
