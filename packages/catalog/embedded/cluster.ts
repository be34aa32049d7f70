import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { RegistryError } from "@entrepot/oci";
import { isAlive, NAME } from "./postmaster.ts";
import { commandAs, type RunAs } from "./run-as.ts";
import { renameUnlessThere, syncFolder, type Runtime } from "./runtime.ts";

/** What PostgreSQL's programs get to see of our environment: nothing that changes what they do. */
export const ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/**
 * Makes a database cluster in `folder`/cluster if there is none. initdb works aside and the result
 * is moved into place, so that an interrupted one is simply done again. Returns the cluster's path.
 * Throws PRECONDITION if there is one that this version of PostgreSQL cannot read.
 */
export async function ensureCluster(
  folder: string,
  runtime: Runtime,
  user: RunAs | null,
  durable: boolean,
): Promise<string> {
  const cluster = join(folder, "cluster");
  if (!existsSync(cluster)) {
    const temporary = join(folder, `.cluster-${randomUUID()}.new-${process.pid}`);
    await mkdir(temporary, { mode: 0o700 });
    if (user) await chown(temporary, user.uid, user.gid);
    await initdb(temporary, runtime, user, durable);
    await renameUnlessThere(temporary, cluster);
    if (durable) await syncFolder(folder);
  }
  checkVersion(cluster, runtime);
  return cluster;
}

/** Removes what an interrupted start of a process that is gone has left in `folder`. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^\..*\.new-(\d+)$/.exec(name)?.[1] ?? 0);
    if (pid === 0 || (pid !== process.pid && isAlive(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function initdb(
  cluster: string,
  runtime: Runtime,
  user: RunAs | null,
  durable: boolean,
): Promise<void> {
  const command = commandAs(user, cluster, runtime.initdb, [
    `--pgdata=${cluster}`,
    `--username=${NAME}`,
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--data-checksums",
    ...(durable ? [] : ["--no-sync"]),
  ]);
  const child = spawn(command.file, command.args, {
    ...command.ids,
    cwd: "/",
    env: ENVIRONMENT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = text(child.stderr);
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  }).catch((cause: Error) => cause.message);
  if (code === 0) return;
  const why = (await said.catch(() => "")).trim().split("\n").slice(-3).join(" ");
  throw new RegistryError(
    "UNAVAILABLE",
    `the embedded PostgreSQL could not make its data folder in ${cluster} (${code}): ${why}`,
  );
}

function checkVersion(cluster: string, runtime: Runtime): void {
  const found = Number(readFileSync(join(cluster, "PG_VERSION"), "utf8"));
  if (found === runtime.major) return;
  const advice =
    found > runtime.major
      ? "start the Entrepot that last used it, or a newer one"
      : "dump it with the older Entrepot and restore the dump into a new folder";
  throw new RegistryError(
    "PRECONDITION",
    `${cluster} is of PostgreSQL ${found}, and this Entrepot brings ${runtime.major}: ${advice}`,
  );
}
