import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { api, createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, logsOfFailures } from "./entrepot-state.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { makeImage } from "./images.ts";
import { pushOnce } from "./push-client.ts";
import { sameContents } from "./registry-contents.ts";

const MIB = 1024 * 1024;
const SIZE = 200 * MIB;
const LIMIT_MS = 180_000;

let source: EntrepotProcess;
let target: EntrepotProcess;
let line: FaultProxy;
logsOfFailures(() => [source, target]);
beforeAll(async () => {
  [source, target] = await Promise.all([
    runEntrepot({ name: "source" }),
    runEntrepot({ name: "target" }),
  ]);
  line = await faultProxy(target.url);
});
afterAll(async () => {
  await line?.close();
  await Promise.all([source?.close(), target?.close()]);
});

test(
  "SIGTERM in a long copy: it is handed over, and nothing is sent twice",
  {
    timeout: LIMIT_MS,
  },
  async () => {
    const image = makeImage({ files: { made: randomBytes(SIZE) } });
    await pushOnce(source, "library/big", image, "1");
    line.plan(() => ({ sentBytesPerSecond: 10 * MIB }));
    const place = { url: line.url, credential: target.credential };
    const endpoint = await createEndpoint(source, "peer", "harbor", place);
    await pushPolicy(source, "everything", endpoint);
    while (line.sentBytes < 0.2 * SIZE) await pause(5);

    expect(await source.stop("SIGTERM")).toBe(0);
    expect(line.sentBytes).toBeLessThan(SIZE);
    line.plan(() => ({}));
    await source.start();
    await atRest(source, LIMIT_MS);
    await sameContents(source, target);
    expect(await logs(source)).toContain("handed over");
    // What else goes over the line is requests, and what was on its way.
    expect(line.sentBytes).toBeLessThan(SIZE + 4 * MIB);
  },
);

/** What the tasks of the runs of `server` said. */
async function logs(server: EntrepotProcess): Promise<string> {
  const path = "/replication/executions";
  const texts: string[] = [];
  for (const { id } of (await api(server, "GET", path)).json as { id: number }[]) {
    const { json } = await api(server, "GET", `${path}/${id}/tasks`);
    for (const task of json as { id: number }[]) {
      texts.push((await api(server, "GET", `${path}/${id}/tasks/${task.id}/log`)).text);
    }
  }
  return texts.join("\n");
}
