import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** What may differ between one server and another. */
export interface EntrepotOptions {
  /** Shown in the log of a failed test. Default `entrepot`. */
  readonly name?: string;
  /** Further flags of `serve`. */
  readonly flags?: readonly string[];
  /** What the data folder is called; it lies in a new temporary folder. */
  readonly dataFolder?: string;
  /** `https` where `flags` say so. */
  readonly scheme?: "http" | "https";
}

/** A whole server in a process of its own, which can be killed and started again. */
export interface EntrepotProcess {
  readonly name: string;
  /** `127.0.0.1:port`, the same after every start. */
  readonly address: string;
  readonly url: string;
  /** The system administrator. */
  readonly credential: { readonly username: string; readonly password: string };
  /** The temporary folder, removed at the end; the data folder is in it. */
  readonly folder: string;
  readonly dataDir: string;
  /** Whether the process runs. */
  readonly isUp: boolean;
  /** Starts it, and returns when it says that it is ready. */
  start(): Promise<void>;
  /** Sends kill -9 before it returns. PostgreSQL stays. Does nothing to a server that is down. */
  kill9(): void;
  /** As after a crash: waits for the killed process to be gone, then starts it. */
  restart(): Promise<void>;
  /** Asks it to stop, as `signal` does; returns its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** All that it has said, over all its starts. */
  log(): string;
  /** Ends it and its PostgreSQL, however they are, and removes the folder. */
  close(): Promise<void>;
}

const root = join(import.meta.dirname, "../..");
/**
 * What makes a process find what others have compiled: half of what a start costs, three quarters
 * of a command's. Only who ends by itself stores what it has compiled.
 */
export const compiled = { NODE_COMPILE_CACHE: join(root, ".cache/compiled") };
/** A guard against one that never is; whoever waits for less sets a test's time. */
const READY_MS = 180_000;
const STOP_MS = 30_000;

/** Starts a server on a free port of this machine, over a new data folder. */
export async function runEntrepot(options: EntrepotOptions = {}): Promise<EntrepotProcess> {
  const { name = "entrepot", flags = [], dataFolder = "data", scheme = "http" } = options;
  const folder = await mkdtemp(join(tmpdir(), "entrepot-process-"));
  // Under root the database is another user, who must be able to pass.
  await chmod(folder, 0o711);
  const dataDir = join(folder, dataFolder);
  const address = `127.0.0.1:${await freePort()}`;
  const credential = { username: "admin", password: "Only4ThisTest" };
  const letGo = cleanUpAfterUs(folder, dataDir);
  const said: string[] = [];
  let child: ChildProcess | undefined;

  const isUp = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const gone = async () => {
    if (isUp()) await once(child!, "exit");
  };
  const entrepot: EntrepotProcess = {
    name,
    address,
    url: `${scheme}://${address}`,
    credential,
    folder,
    dataDir,
    get isUp() {
      return isUp();
    },
    async start() {
      const args = ["serve", "--listen", address, "--data", dataDir, "--workers", "8", ...flags];
      child = spawnServer(args, { ENTREPOT_ADMIN_PASSWORD: credential.password });
      said.push(`--- started as process ${child.pid}\n`);
      await writeFile(join(folder, "server.pid"), String(child.pid));
      await readyOrEnded(child, (text) => said.push(text));
    },
    kill9() {
      if (isUp()) child!.kill("SIGKILL");
      said.push("--- killed\n");
    },
    async restart() {
      await gone();
      await entrepot.start();
    },
    async stop(signal = "SIGTERM") {
      child?.kill(signal);
      const late = setTimeout(() => child?.kill("SIGKILL"), STOP_MS);
      await gone();
      clearTimeout(late);
      return child?.exitCode ?? null;
    },
    log: () => said.join(""),
    async close() {
      await entrepot.stop();
      await stopPostgres(dataDir);
      letGo();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await entrepot.start();
  } catch (error) {
    await entrepot.close();
    throw error;
  }
  return entrepot;
}

/** Starts `apps/server/main.ts` with `args`; of our environment it gets only what is not ours. */
export function spawnServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): ChildProcess {
  const others = Object.entries(process.env).filter(
    ([key]) => !key.startsWith("ENTREPOT_") && key !== "DATABASE_URL" && key !== "NODE_OPTIONS",
  );
  const command = [...wrapper, process.execPath, join(root, "apps/server/main.ts"), ...args];
  return spawn(command[0]!, command.slice(1), {
    cwd: root,
    env: { ...Object.fromEntries(others), ...compiled, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function readyOrEnded(child: ChildProcess, say: (text: string) => void): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}; it said:\n${text}`));
    const late = setTimeout(() => fail(`is not ready after ${READY_MS / 1000} s`), READY_MS);
    const hear = (chunk: Buffer) => {
      say(String(chunk));
      text += String(chunk);
      if (!text.includes("Entrepot is ready at")) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout!.on("data", hear);
    child.stderr!.on("data", hear);
    child.once("exit", (code, signal) => {
      clearTimeout(late);
      fail(`ended (${signal ?? code}) before it was ready`);
    });
  });
}

/** The process of the PostgreSQL on `dataDir`, or null if none runs. */
export function postgresOf(dataDir: string): { pid: number; url: string } | null {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, "postgres/cluster/postmaster.pid"), "utf8").split("\n");
  } catch {
    return null;
  }
  const [pid, , , port, socketFolder] = lines;
  if (!pid || !port || !socketFolder || !isAlive(Number(pid))) return null;
  const host = encodeURIComponent(socketFolder);
  return { pid: Number(pid), url: `postgresql://entrepot@${host}:${port}/entrepot` };
}

/** Stops the PostgreSQL that a killed server left on `dataDir`, if one runs. */
export async function stopPostgres(dataDir: string): Promise<void> {
  const left = postgresOf(dataDir);
  if (!left) return;
  process.kill(left.pid, "SIGINT");
  for (let n = 0; n < 500 && isAlive(left.pid); n++) await pause(20);
}

/** Whether process `pid` exists. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * A shell that outlives us however we end, sees that by the end of its input, and then ends the
 * server and its PostgreSQL and removes the folder. Returns the call that dismisses it.
 */
export function cleanUpAfterUs(folder: string, dataDir: string): () => void {
  const script =
    'read -r done && exit; kill -9 "$(cat "$1/server.pid")"; ' +
    'kill -QUIT "$(head -1 "$2/postgres/cluster/postmaster.pid")"; sleep 1; rm -rf "$1"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", folder, dataDir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  return () => shell.stdin.end("done\n");
}
