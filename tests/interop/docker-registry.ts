import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import type { Served } from "./serve.ts";

/** Whether Debian's docker-registry is on this machine. Without it, its tests say so and skip. */
export const hasDockerRegistry =
  spawnSync("docker-registry", ["--version"], { stdio: "ignore" }).status === 0;

/** A docker-registry that can be killed and started again, on the same port and folder. */
export interface DockerRegistry extends Served {
  /** What it keeps of repository `name`. */
  repositoryFolder(name: string): string;
  /** Sends kill -9 before it returns. */
  kill9(): void;
  /** As after a crash: waits for the killed process to be gone, then starts it. */
  restart(): Promise<void>;
}

/** Runs Debian's docker-registry (2.8: an old peer) on a free port, over an empty folder. */
export async function runDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-docker-registry-"));
  const address = `127.0.0.1:${await freePort()}`;
  const configuration = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: address, secret: "only for this test" },
  };
  const file = join(folder, "config.yml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration));
  const url = `http://${address}`;
  let server: ChildProcess;
  let exited: Promise<unknown>;
  const start = async () => {
    server = spawn("docker-registry", ["serve", file], { stdio: "ignore" });
    exited = once(server, "exit");
    await answering(`${url}/v2/`);
  };
  await start();
  return {
    url,
    repositoryFolder: (name) => join(folder, "docker/registry/v2/repositories", name),
    kill9: () => void server.kill("SIGKILL"),
    async restart() {
      await exited;
      await start();
    },
    async close() {
      server.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await pause(50);
  }
  throw new Error(`docker-registry does not answer at ${url} after 10 s`);
}
