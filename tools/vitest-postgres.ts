import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { makeTemplate } from "@entrepot/catalog/testing";
import type { TestProject } from "vitest/node";

/**
 * One PostgreSQL for a whole test run, with a migrated template that `testCatalog` copies. Set
 * ENTREPOT_TEST_DATABASE_URL to use a server of your own instead (its user may create databases).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const own = process.env["ENTREPOT_TEST_DATABASE_URL"];
  if (own) {
    const template = await makeTemplate(own);
    project.provide("testDatabase", { url: own, template: template.name });
    return template.drop;
  }
  const folder = await mkdtemp(join(tmpdir(), "entrepot-test-"));
  // Under root the server is another user, who must be able to pass.
  await chmod(folder, 0o711);
  const server = await startEmbedded({ dataDir: folder, volatile: true });
  const letGo = cleanUpAfterUs(folder, server.pid);
  const { name } = await makeTemplate(server.url);
  project.provide("testDatabase", { url: server.url, template: name });
  return async () => {
    await server.stop();
    letGo();
    await rm(folder, { recursive: true, force: true });
  };
}

/**
 * A shell that outlives us however we end (Ctrl-C twice, kill -9), sees that by the end of its
 * input, and then ends the server and removes its folder. Returns the call that dismisses it.
 */
function cleanUpAfterUs(folder: string, pid: number): () => void {
  const script = 'read -r done && exit; kill -QUIT "$1"; sleep 1; rm -rf "$2"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", String(pid), folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  return () => shell.stdin.end("done\n");
}
