import { spawn } from "node:child_process";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from "node:fs";
import { mkdir, chown } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import { ENVIRONMENT } from "./cluster.ts";
import { isRunning, type Postmaster } from "./postmaster.ts";
import { commandAs, type RunAs } from "./run-as.ts";
import type { Runtime } from "./runtime.ts";

/** What it takes to start the server. */
export interface Launch {
  readonly cluster: string;
  readonly runtime: Runtime;
  readonly user: RunAs | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly socketFolder: string;
  /** Gets what the server says. Kept under about 2 MB, in two files. */
  readonly logFile: string;
}

const LOG_LIMIT_BYTES = 1 << 20;

/** What the server says while processes of a killed postmaster are still about to end. */
const STILL_ENDING = /shared memory block .* is still in use/;
const ENDING_TAKES_MS = 5_000;

/**
 * Starts the server and waits until it answers. It gets a session of its own, so that Ctrl-C
 * reaches only us, and outlives us if we are killed. Throws UNAVAILABLE with what it said.
 */
export async function launch(plan: Launch): Promise<Postmaster> {
  const deadline = performance.now() + ENDING_TAKES_MS;
  for (;;) {
    const started = await launchOnce(plan);
    if (!(started instanceof RegistryError)) return started;
    if (!STILL_ENDING.test(started.message) || performance.now() > deadline) throw started;
    await sleep(100);
  }
}

async function launchOnce(plan: Launch): Promise<Postmaster | RegistryError> {
  // A cleaner of temporary folders may have taken it since.
  await mkdir(plan.socketFolder, { recursive: true, mode: 0o700 });
  if (plan.user) await chown(plan.socketFolder, plan.user.uid, plan.user.gid);
  const settings = Object.entries(plan.settings).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  const args = ["-D", plan.cluster, ...settings];
  const command = commandAs(plan.user, plan.cluster, plan.runtime.postgres, args);
  const logFd = openLog(plan.logFile);
  const logStart = fstatSync(logFd).size;
  const child = spawn(command.file, command.args, {
    ...command.ids,
    cwd: "/",
    env: ENVIRONMENT,
    detached: true,
    stdio: ["ignore", logFd, logFd],
  });
  closeSync(logFd);
  child.unref();
  let ended: string | null = null;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `exit ${signal ?? code}`));
  for (;;) {
    // Asked before looking for the server: of two that start at once, one ends and the other runs.
    const how = ended;
    const running = await isRunning(plan.cluster);
    if (running) return running;
    if (how) return startFailed(plan, how, logStart);
    await sleep(10);
  }
}

function startFailed(plan: Launch, how: string, logStart: number): RegistryError {
  const { cluster, logFile } = plan;
  const said = readFileSync(logFile).subarray(logStart).toString().trim();
  const fatal = said.split("\n").findLast((line) => /FATAL|PANIC/.test(line));
  const why = (fatal ?? said).replaceAll(/\s+/g, " ").trim();
  return new RegistryError(
    "UNAVAILABLE",
    `the embedded PostgreSQL did not start on ${cluster} (${how}): ${why} (see ${logFile})`,
  );
}

/** The log, for appending. One that has grown too long becomes `….1`, replacing the one before. */
function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  const fd = openSync(path, "a");
  fchmodSync(fd, 0o600);
  return fd;
}
