import { setTimeout as pause } from "node:timers/promises";
import { digestOf, mediaTypes } from "@entrepot/oci";
import { sampleBlob } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changingTags, untilEndOf } from "./changing-tags.ts";
import { createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, changesMadeTwice, journalDifferences, logsOfFailures } from "./entrepot-state.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { makeImage } from "./images.ts";
import * as client from "./push-client.ts";
import { contentsOf, readEverything, sameContents } from "./registry-contents.ts";
import { someFault } from "./some-fault.ts";
import { chanceOf, replay } from "../simulation/seed.ts";

const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const KILLS = Number(process.env["ENTREPOT_TEST_ROUNDS"] ?? (isLong ? 60 : 6));
const CUTS = isLong ? 60 : 8;
const LIMIT_MS = isLong ? 1_800_000 : 120_000;
/** How long both sides may take to become equal: long runs are beside other work. */
const EQUAL_MS = isLong ? 600_000 : 45_000;

describe(`nothing acknowledged is lost: ${replay("tests/interop/crash.test.ts")}`, () => {
  const chance = chanceOf();
  let source: EntrepotProcess;
  let target: EntrepotProcess;
  /** The line between the two. */
  let line: FaultProxy;
  /** What the source has acknowledged: the digest of each tag. */
  const acknowledged = new Map<string, string>();
  const expected = () => Object.fromEntries([...acknowledged].toSorted());

  logsOfFailures(() => [source, target]);
  beforeAll(async () => {
    [source, target] = await Promise.all([
      runEntrepot({ name: "source" }),
      runEntrepot({ name: "target" }),
    ]);
    line = await faultProxy(target.url);
    const place = { url: line.url, credential: target.credential };
    const endpoint = await createEndpoint(source, "peer", "harbor", place);
    await pushPolicy(source, "everything", endpoint);
  });
  afterAll(async () => {
    await line?.close();
    await Promise.all([source?.close(), target?.close()]);
  });

  const equal = async () => {
    expect(await contentsOf(source)).toEqual(expected());
    await readEverything(source, expected());
    await sameContents(source, target, undefined, EQUAL_MS);
    await atRest(source, EQUAL_MS);
  };

  test("killed with the client's 201: ten of ten arrive", { timeout: LIMIT_MS }, async () => {
    const name = "library/moment";
    for (let n = 0; n < 10; n++) {
      const image = makeImage({ files: { made: chance.bytes(500) } });
      await client.pushChildren(source, name, image);
      const kill = () => source.kill9();
      expect(await client.putManifest(source, name, image, `t${n}`, kill)).toBe(201);
      acknowledged.set(`${name}:t${n}`, image.content.digest);
      await source.restart();
    }
    await equal();
  });

  test("an upload killed in its middle resumes at its offset", async () => {
    const name = "library/resumed";
    const blob = chance.bytes(3 << 20);
    const started = await client.send(source, "POST", `/v2/${name}/blobs/uploads/`, 202);
    const path = new URL(started.headers.get("location")!, source.url).pathname;
    const range = (from: number, to: number) => ({ "content-range": `${from}-${to - 1}` });
    const chunk = (from: number, to: number) =>
      sampleBlob(blob.subarray(from, to), mediaTypes.bytes);
    const first = 1 << 20;
    await client.send(source, "PATCH", path, 202, chunk(0, first), range(0, first));

    const cut = first + chance.between(1, 1 << 20);
    const sent = client.send(source, "PATCH", path, 202, chunk(first, cut), range(first, cut));
    await pause(chance.between(0, 5));
    source.kill9();
    await sent.catch(() => undefined);
    await source.restart();

    const status = await client.send(source, "GET", path, 204);
    const offset = Number(status.headers.get("range")!.split("-")[1]) + 1;
    expect(offset).toBeGreaterThanOrEqual(first);
    expect(offset).toBeLessThanOrEqual(cut);
    const rest = chunk(offset, blob.length);
    await client.send(source, "PATCH", path, 202, rest, range(offset, blob.length));
    const digest = digestOf(blob);
    await client.send(source, "PUT", `${path}?digest=${digest}`, 201);
    const stored = await client.send(source, "GET", `/v2/${name}/blobs/${digest}`, 200);
    expect(digestOf(Buffer.from(await stored.arrayBuffer()))).toBe(digest);
  });

  test("a push cut anywhere succeeds when it is repeated", { timeout: LIMIT_MS }, async () => {
    const proxy = await faultProxy(source.url);
    const through = { url: proxy.url, credential: source.credential };
    const name = "library/cut";
    for (let n = 0; n < CUTS; n++) {
      const image = makeImage({ files: { made: chance.bytes(20_000) } });
      const cutAfterSentBytes = chance.between(1, 24_000);
      proxy.plan(() => ({ cutAfterSentBytes }));
      await client.pushOnce(through, name, image, `t${n}`).catch((error: unknown) => {
        if (error instanceof client.Refused) throw error;
      });
      await client.pushOnce(source, name, image, `t${n}`);
      acknowledged.set(`${name}:t${n}`, image.content.digest);
    }
    await proxy.close();
    await equal();
  });

  test(`${KILLS} kills of both sides, over a bad line`, { timeout: LIMIT_MS }, async () => {
    line.plan(() => someFault(chance, 0.2));
    const kills = async () => {
      for (let n = 0; n < KILLS; n++) {
        const victim = chance.random() < 0.6 ? source : target;
        await pause(chance.between(0, 700));
        victim.kill9();
        await pause(chance.between(0, 300));
        await victim.restart();
        if (victim === source) await readEverything(source, expected());
      }
    };
    await untilEndOf(kills(), changingTags(source, chance, acknowledged));
    line.plan(() => ({}));
    await equal();
  });

  test("both journals replay to what the tables say, and have no change twice", async () => {
    expect(await changesMadeTwice(source)).toEqual([]);
    expect(await changesMadeTwice(target)).toEqual([]);
    expect(await journalDifferences(source)).toEqual([]);
    expect(await journalDifferences(target)).toEqual([]);
  });
});
