import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

/** Why containerd cannot be run here, or null if it can. */
export const containerdMissing = whatIsMissing();

function whatIsMissing(): string | null {
  for (const program of ["containerd", "ctr"]) {
    if (spawnSync(program, ["--version"], { stdio: "ignore" }).status !== 0) {
      return `${program} is not installed`;
    }
  }
  return process.getuid?.() === 0 ? null : "containerd needs root";
}

/** A containerd of its own, with its client. */
export interface Containerd {
  /** Runs `ctr` with `args`; returns what it printed. Throws with what it said if it failed. */
  ctr(...args: readonly string[]): Promise<string>;
  /** The digest of each image that it knows, by the name under which it was pulled or tagged. */
  images(): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

/** Starts containerd over an empty folder; what else runs on this machine does not see it. */
export async function runContainerd(): Promise<Containerd> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-containerd-"));
  const address = join(folder, "containerd.sock");
  const config = join(folder, "config.toml");
  const text = (value: string) => JSON.stringify(value);
  // Kubernetes' part would look for a network.
  const lines = [
    "version = 2",
    `root = ${text(join(folder, "root"))}`,
    `state = ${text(join(folder, "state"))}`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
    `[grpc]\naddress = ${text(address)}`,
    `[ttrpc]\naddress = ${text(`${address}.ttrpc`)}`,
  ];
  await writeFile(config, `${lines.join("\n")}\n`);
  const engine = spawn("containerd", ["--config", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  engine.stderr.on("data", (chunk: Buffer) => (said = (said + String(chunk)).slice(-20_000)));
  const exited = once(engine, "exit");
  const close = async () => {
    engine.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const ctr = async (...args: readonly string[]) => {
    const from = ["--address", address, "--namespace", "entrepot"];
    return (await promisify(execFile)("ctr", [...from, ...args], { timeout: 60_000 })).stdout;
  };
  const images = async () => {
    const [, ...rows] = (await ctr("images", "list")).trim().split("\n");
    const cells = rows.map((row) => row.split(/\s+/));
    return Object.fromEntries(cells.map(([name, , digest]) => [name!, digest!]));
  };
  try {
    for (let n = 0; n < 300 && engine.exitCode === null; n++) {
      if ((await ctr("version").catch(() => null)) !== null) return { ctr, images, close };
      await pause(100);
    }
    throw new Error(`containerd does not answer; it said:\n${said}`);
  } catch (error) {
    await close();
    throw error;
  }
}
