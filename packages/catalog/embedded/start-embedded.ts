import { access, constants, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type pg from "pg";
import { ensureCluster, removeLeftovers } from "./cluster.ts";
import { launch, type Launch } from "./launch.ts";
import { addressOf, endAtOnce, isRunning, stopPostmaster, urlOf } from "./postmaster.ts";
import { chooseUser } from "./run-as.ts";
import { installRuntime } from "./runtime.ts";
import { serverSettings, VOLATILE_SETTINGS } from "./settings.ts";
import { makeSocketFolder, removeSocketFolder } from "./socket-folder.ts";
import { watch } from "./watch.ts";

/** Where and how the embedded server runs. */
export interface EmbeddedOptions {
  /** A folder of its own, made if it is not there. May hold spaces and be long. */
  readonly dataDir: string;
  /** Told in one line each: what was started, adopted, lost. */
  readonly log?: (line: string) => void;
  /** For tests: no fsync, so a power cut loses everything. */
  readonly volatile?: boolean;
}

/** The embedded server, running. */
export interface Embedded {
  /** For `openCatalog` or libpq. Stays the same until `stop`. */
  readonly url: string;
  readonly connection: pg.ClientConfig;
  /** The postmaster's process id, now. */
  readonly pid: number;
  /** True if it was already running: left behind by a process that was killed. */
  readonly adopted: boolean;
  /** Shuts it down and waits until it is gone. Repeating does nothing. */
  stop(): Promise<void>;
}

/** initdb passes its own path to a shell in double quotes. */
const NOT_QUOTABLE = /["$`\\\n\r]/;

/**
 * Starts the embedded PostgreSQL on `dataDir`, or takes over the one a killed process has left
 * running there; makes the database if there is none. While it runs it is watched, and started
 * again should it end by itself, and ended at once when this process exits without `stop`. Killed
 * with us, it leaves a state from which this works again.
 *
 * Throws CONFLICT if another process uses `dataDir`, PRECONDITION if the folder is of another
 * PostgreSQL or the machine lacks something, UNAVAILABLE if the folder cannot be written.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { volatile = false, log = () => {} } = options;
  const folder = resolve(options.dataDir);
  await makeFolder(folder);
  const user = chooseUser(join(folder, "cluster"));
  await removeLeftovers(folder);
  const runtime = await installRuntime(folder, !volatile);
  const cluster = await ensureCluster(folder, runtime, user, !volatile);

  const left = await isRunning(cluster);
  const socketFolder = left?.socketFolder ?? (await makeSocketFolder(folder, user));
  const settings = { ...serverSettings(socketFolder), ...(volatile && VOLATILE_SETTINGS) };
  const logFile = join(folder, "postgres.log");
  const plan: Launch = { cluster, runtime, user, settings, socketFolder, logFile };
  if (left) log(`took over the PostgreSQL that was left running (process ${left.pid})`);
  const running = left ?? (await launch(plan));
  const watched = await watch(plan, running, log);

  // Whoever is in too much of a hurry for `stop` leaves no server behind all the same.
  const atExit = () => endAtOnce(watched.current(), cluster);
  process.once("exit", atExit);
  const stop = async () => {
    process.off("exit", atExit);
    await watched.end();
    await stopPostmaster(watched.current(), cluster);
    await removeSocketFolder(socketFolder);
  };
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(running),
    connection: addressOf(running),
    adopted: left !== null,
    get pid() {
      return watched.current().pid;
    },
    stop: () => (stopping ??= stop()),
  };
}

async function makeFolder(folder: string): Promise<void> {
  if (NOT_QUOTABLE.test(folder)) {
    throw new RegistryError(
      "PRECONDITION",
      `the database's folder ${JSON.stringify(folder)} has a character in its path that ` +
        "PostgreSQL's initdb does not quote (\" $ ` \\ or a line break): choose another one",
    );
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new RegistryError(
      "UNAVAILABLE",
      `the database's folder ${folder} cannot be written (${(cause as Error).message}): ` +
        "give it to the user that Entrepot runs as, or choose another one",
      { cause },
    );
  }
}
