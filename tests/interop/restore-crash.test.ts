import { digestOf, mediaTypes } from "@entrepot/oci";
import { afterAll, beforeAll, expect, test } from "vitest";
import { api, basic } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { waitUntil } from "./wait-until.ts";

const NAME = "library/many";
const TAGS = 8_000;
/** Tags that one push may carry. */
const AT_ONCE = 32;

let server: EntrepotProcess;
logsOfFailures(() => [server]);
beforeAll(async () => {
  server = await runEntrepot();
});
afterAll(() => server?.close());

/** One artifact under all of the tags. Returns its digest. */
async function pushTags(): Promise<string> {
  const authorization = basic(server.credential);
  const send = async (method: string, path: string, type: string, body: string) => {
    const headers = { authorization, "content-type": type };
    const answer = await fetch(`${server.url}/v2/${NAME}/${path}`, { method, headers, body });
    expect(answer.status, path).toBe(201);
  };
  const config = "{}";
  const digest = digestOf(Buffer.from(config));
  await send("POST", `blobs/uploads/?digest=${digest}`, "application/octet-stream", config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest, size: config.length },
    layers: [],
  });
  const own = digestOf(Buffer.from(manifest));
  for (let first = 0; first < TAGS; first += AT_ONCE) {
    const tags = Array.from({ length: AT_ONCE }, (_, n) => `tag=v${first + n}`).join("&");
    await send("PUT", `manifests/${own}?${tags}`, mediaTypes.ociManifest, manifest);
  }
  return own;
}

test(
  "killed in the middle of a restore, it goes on after the start and ends right",
  { timeout: 300_000 },
  async () => {
    const digest = await pushTags();
    const { json: history } = await api(server, "GET", "/history?page_size=1");
    const at = `seq:${history[0].seq}`;
    await api(server, "DELETE", "/projects/library/repositories/many");
    const { headers } = await api(server, "POST", "/restores", { name: NAME, at });
    const path = `/restores/${headers.get("location")!.split("/").at(-1)}`;
    const runOf = async () => (await api(server, "GET", path)).json.execution;
    for (;;) {
      const { done, status } = await runOf();
      expect(status).toBe("Running");
      if (done > 1) break;
    }
    server.kill9();
    await server.restart();
    await waitUntil("the restore has ended", async () => (await runOf()).status, "Success");
    expect(await runOf()).toMatchObject({ done: TAGS + 2, left: 0 });
    const headersOf = { authorization: basic(server.credential), accept: mediaTypes.ociManifest };
    for (const tag of ["v0", "v999", "v1000", `v${TAGS - 1}`]) {
      const url = `${server.url}/v2/${NAME}/manifests/${tag}`;
      const answer = await fetch(url, { method: "HEAD", headers: headersOf });
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
    }
    const { json } = await api(server, "GET", "/projects/library/repositories/many/artifacts");
    expect(json).toHaveLength(1);
  },
);
