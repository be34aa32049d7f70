import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, logsOfFailures } from "./entrepot-state.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { makeImage } from "./images.ts";
import * as client from "./push-client.ts";
import { sameContents } from "./registry-contents.ts";

const MIB = 1024 * 1024;
const CHUNK_BYTES = 16 * MIB;
const SIZE = 208 * MIB;

let source: EntrepotProcess;
let target: EntrepotProcess;
let proxy: FaultProxy;
logsOfFailures(() => [source, target]);
beforeAll(async () => {
  [source, target] = await Promise.all([
    runEntrepot({ name: "source" }),
    runEntrepot({ name: "target" }),
  ]);
  proxy = await faultProxy(target.url);
});
afterAll(async () => {
  await proxy?.close();
  await Promise.all([source?.close(), target?.close()]);
});

const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const KILLED_AT = isLong ? [0.1, 0.3, 0.5, 0.7, 0.9] : [0.5];
const LIMIT_MS = isLong ? 600_000 : 180_000;

test(
  "a sender killed in mid-blob sends again one chunk at most each time",
  { timeout: LIMIT_MS },
  async () => {
    const image = makeImage({ files: { made: randomBytes(SIZE) } });
    await client.pushOnce(source, "library/big", image, "1");
    const place = { url: proxy.url, credential: target.credential };
    const endpoint = await createEndpoint(source, "peer", "harbor", place);
    await pushPolicy(source, "everything", endpoint);
    for (const share of KILLED_AT) {
      while (proxy.sentBytes < SIZE * share) await pause(1);
      source.kill9();
      await source.restart();
    }
    await atRest(source, LIMIT_MS);
    await sameContents(source, target);
    expect(proxy.sentBytes).toBeGreaterThan(SIZE);
    // What else goes over the line is requests.
    expect(proxy.sentBytes).toBeLessThan(SIZE + KILLED_AT.length * CHUNK_BYTES + 2 * MIB);
  },
);
