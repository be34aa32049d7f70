import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./entrepot-cli.ts";
import { type EntrepotProcess, runEntrepot, spawnServer } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { freePort } from "./free-port.ts";
import { makeImage, writeLayout } from "./images.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";
import { hasSkopeo, skopeoPush } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const main = join(import.meta.dirname, "../../apps/server/main.ts");
const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";

describe.skipIf(!hasSkopeo)(`backups of a whole server${skipped}`, () => {
  let server: EntrepotProcess;
  let restored: ChildProcess | undefined;
  let folder: string;

  logsOfFailures(() => [server]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
    await chmod(folder, 0o711);
    server = await runEntrepot({ flags: ["--backup-folders", folder] });
  });
  afterAll(async () => {
    if (restored) {
      restored.kill("SIGTERM");
      await once(restored, "exit");
    }
    await server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  test(
    "killed in the middle, it is completed and comes back on an empty machine",
    {
      timeout: 180_000,
    },
    async () => {
      const push = async (tag: string) => {
        const layout = join(folder, `layout-${tag}`);
        await writeLayout(layout, { [tag]: makeImage() });
        await skopeoPush(layout, tag, server, `library/app:${tag}`);
      };
      await push("one");
      const vault = `file:${join(folder, "vault")}`;
      await runCli(server, ["backup", "target", "create", "vault", "--to", vault]);
      await runCli(server, ["backup", "run", "vault"]);
      await pause(50);
      server.kill9();
      await server.restart();
      await push("two");
      await runCli(server, ["backup", "run", "vault", "--wait"]);
      await runCli(server, ["backup", "verify", "vault"]);

      const key = join(server.dataDir, "secret.key");
      const before = await contentsOf(server);
      // Its machine is gone.
      await server.stop();
      const dataDir = join(folder, "new");
      const flags = ["--from", vault, "--data", dataDir, "--secret-key-file", key, "--yes"];
      const { stdout } = await promisify(execFile)(process.execPath, [main, "restore", ...flags]);
      expect(stdout).toContain("Restored 2 tags");

      const address = `127.0.0.1:${await freePort()}`;
      restored = spawnServer(["serve", "--data", dataDir, "--listen", address]);
      const place = { url: `http://${address}`, credential: server.credential };
      const answers = async () => (await fetch(`${place.url}/v2/`)).status;
      await waitUntil("the restored server answers", answers, 401);
      expect(await contentsOf(place)).toEqual(before);
      await readEverything(place, before);
      expect(await runCli(place, ["backup", "confirm", "--yes"])).toContain("vault");
    },
  );
});
