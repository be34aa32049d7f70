import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { startEmbedded } from "@entrepot/catalog/embedded";

const root = dirname(dirname(import.meta.dirname));
const main = join(root, "apps/server/main.ts");
const follow = pathToFileURL(join(root, "tools/follow-parent.mjs")).href;

const START_MS = 60_000;
const STOP_MS = 20_000;

/** How a registry is run. */
export interface ServerSettings {
  /** Everything it keeps goes here, and what it says into a file beside it. */
  readonly dataDir: string;
  readonly adminPassword: string;
}

/** A registry in a process of its own. It can be started again after it was killed. */
export interface ServerProcess {
  /** Its address; the same after a restart. */
  readonly url: string;
  readonly pid: number;
  /** Starts it and waits until it answers. Throws with the last thing it said. */
  start(): Promise<void>;
  /** `kill -9`: it gets no chance to tidy anything. */
  kill(): Promise<void>;
  /** Ends it and its database, whatever state it is in. Repeating does nothing. */
  stop(): Promise<void>;
}

/** A registry that has not been started yet. */
export function serverProcess(settings: ServerSettings): ServerProcess {
  const { dataDir } = settings;
  const logFile = `${dataDir}.log`;
  let child: ChildProcess | undefined;
  let starting: Promise<string> | undefined;
  let url = "";

  return {
    get url() {
      return url;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      child = launch(settings, url === "" ? "127.0.0.1:0" : new URL(url).host, logFile);
      starting = addressOf(child, logFile);
      url = await starting;
    },
    async kill() {
      await end(child, "SIGKILL");
    },
    async stop() {
      // One that is starting has a database half under way: let it get there first.
      await starting?.catch(() => undefined);
      await end(child, "SIGTERM");
      await stopDatabase(join(dataDir, "postgres"));
    },
  };
}

/** In a session of its own: the terminal's Ctrl-C reaches only us. If we die, it ends by itself. */
function launch({ dataDir, adminPassword }: ServerSettings, listen: string, logFile: string) {
  const ours = Object.entries(process.env).filter(([name]) => !/^(?:ENTREPOT_|DATA)/.test(name));
  const env = { ...Object.fromEntries(ours), ENTREPOT_ADMIN_PASSWORD: adminPassword };
  const args = ["--import", follow, main, "serve", "--listen", listen, "--data", dataDir];
  const log = openSync(logFile, "a");
  return spawn(process.execPath, args, { env, detached: true, stdio: ["ignore", "pipe", log] });
}

async function addressOf(child: ChildProcess, logFile: string): Promise<string> {
  const ended = once(child, "exit");
  const timeout = AbortSignal.timeout(START_MS);
  const late = once(timeout, "abort");
  let said = "";
  const ready = new Promise<string>((resolve) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const address = /ready at (\S+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
  });
  const address = await Promise.race([ready, ended.then(() => null), late.then(() => null)]);
  if (address !== null) return address;
  const last = readFileSync(logFile, "utf8").trim().split("\n").at(-1);
  throw new Error(`a registry did not start: ${last || "it said nothing"}`);
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const patience = new AbortController();
  const late = pause(STOP_MS, undefined, { signal: patience.signal }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  await ended;
  patience.abort();
  await late;
}

/** A killed registry leaves its PostgreSQL running for the next one; here there is none. */
async function stopDatabase(folder: string): Promise<void> {
  if (!existsSync(join(folder, "cluster/postmaster.pid"))) return;
  await startEmbedded({ dataDir: folder }).then((database) => database.stop());
}
