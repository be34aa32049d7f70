import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./entrepot-cli.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { makeImage, writeLayout } from "./images.ts";
import { hasSkopeo, skopeoPush } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const main = join(import.meta.dirname, "../../apps/server/main.ts");
const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";
/** What a push may wait for its segment. */
const LOSS_WINDOW_MS = 5_000;

describe.skipIf(!hasSkopeo)(`a continuous backup${skipped}`, () => {
  let server: EntrepotProcess;
  let folder: string;

  logsOfFailures(() => [server]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
    await chmod(folder, 0o711);
    server = await runEntrepot({ flags: ["--backup-folders", folder] });
  });
  afterAll(async () => {
    await server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function api(path: string, body?: object): Promise<Response> {
    const { username, password } = server.credential;
    return await fetch(`${server.url}/api/v2.0${path}`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
  }

  async function push(tag: string): Promise<void> {
    const layout = join(folder, `layout-${tag}`);
    await writeLayout(layout, { [tag]: makeImage() });
    await skopeoPush(layout, tag, server, `library/app:${tag}`);
  }

  test(
    "has what was pushed seconds before the machine died; another registry comes of it",
    { timeout: 240_000 },
    async () => {
      const vault = `file:${join(folder, "vault")}`;
      await push("one");
      const credential = { access_key: "admin", access_secret: server.credential.password };
      const peer = { name: "peer", type: "harbor", url: server.url, credential };
      expect((await api("/registries", peer)).status).toBe(201);
      await runCli(server, ["backup", "target", "create", "vault", "--to", vault, "--continuous"]);
      await runCli(server, ["backup", "run", "vault", "--wait"]);
      await push("two");
      const pushed = performance.now();
      await waitUntil("the target has it", isCaughtUp, true);
      expect(performance.now() - pushed).toBeLessThan(LOSS_WINDOW_MS);
      server.kill9();

      const dataDir = join(folder, "new");
      const flags = ["restore", "--from", vault, "--data", dataDir, "--new-id", "--yes"];
      const { stdout } = await promisify(execFile)(process.execPath, [main, ...flags]);
      expect(stdout).toContain("Restored 2 tags");
      // Without the old registry's key its secrets are worth nothing.
      expect(stdout).toContain("Cleared: registry_endpoint.access_secret_sealed");
    },
  );

  /** No change waits that is not in the target. */
  async function isCaughtUp(): Promise<boolean> {
    const [target] = (await (await api("/backups")).json()) as { behind_since: unknown }[];
    return target?.behind_since === null;
  }
});
