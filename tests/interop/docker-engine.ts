import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const PATH = [process.env["PATH"], "/usr/sbin", "/sbin"].join(delimiter);

/** Why the Docker engine cannot be run here, or null if it can. */
export const dockerMissing = whatIsMissing();

function whatIsMissing(): string | null {
  const env = { ...process.env, PATH };
  for (const program of ["dockerd", "docker"]) {
    if (spawnSync(program, ["--version"], { stdio: "ignore", env }).status !== 0) {
      return `${program} is not installed`;
    }
  }
  return process.getuid?.() === 0 ? null : "the Docker engine needs root";
}

/** A Docker engine of its own, with its client. */
export interface DockerEngine {
  /** Runs `docker` with `args`; returns what it printed. Throws with what it said if it failed. */
  docker(args: readonly string[], input?: Uint8Array): Promise<string>;
  close(): Promise<void>;
}

/** Starts the engine over an empty folder, without any network of its own. */
export async function runDockerEngine(): Promise<DockerEngine> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-docker-"));
  const socket = `unix://${join(folder, "docker.sock")}`;
  const config = join(folder, "daemon.json");
  // Debian's containerd asks for more open files than some machines allow.
  const ulimits = { nofile: { Name: "nofile", Soft: 20_000, Hard: 20_000 } };
  await writeFile(config, JSON.stringify({ "default-ulimits": ulimits }));
  await mkdir(join(folder, "client"));
  const flags = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  const places = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")];
  const files = ["--config-file", config, "--pidfile", join(folder, "docker.pid")];
  const engine = spawn(
    "dockerd",
    [...flags, "--storage-driver=overlay2", "-H", socket, ...places, ...files],
    { env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  for (const stream of [engine.stdout, engine.stderr]) {
    stream.on("data", (chunk: Buffer) => (said = (said + String(chunk)).slice(-20_000)));
  }
  const exited = once(engine, "exit");
  const env = {
    ...process.env,
    PATH,
    DOCKER_HOST: socket,
    DOCKER_CONFIG: join(folder, "client"),
  };
  const docker = async (args: readonly string[], input?: Uint8Array) => {
    const running = promisify(execFile)("docker", args, { env, timeout: 60_000 });
    running.child.stdin?.on("error", () => {});
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const close = async () => {
    engine.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let n = 0; n < 300 && engine.exitCode === null; n++) {
      const answers = existsSync(join(folder, "docker.sock"));
      if (answers && (await docker(["info"]).catch(() => null)) !== null) return { docker, close };
      await pause(100);
    }
    throw new Error(`the Docker engine does not answer; it said:\n${said}`);
  } catch (error) {
    await close();
    throw error;
  }
}
