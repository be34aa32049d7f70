import { open, readFile, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";

/** How long to wait for another writer by default. */
const WAIT_MS = 30_000;

/**
 * Takes the lock file at `path`, made for this one writer; returns the call that gives it back.
 * One that a dead process of this machine has left is taken over. Throws UNAVAILABLE if another
 * writer does not give it back in time.
 */
export async function takeLock(path: string, waitMs = WAIT_MS): Promise<() => Promise<void>> {
  const ours = JSON.stringify({ host: hostname(), pid: process.pid });
  const until = Date.now() + waitMs;
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(ours);
      await file.close();
      return () => unlink(path).catch(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isLeftOver(path)) await unlink(path).catch(() => undefined);
    else if (Date.now() >= until) throw held(path);
    await pause(5 + Math.random() * 20);
  }
}

async function isLeftOver(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  let holder: { host?: unknown; pid?: unknown };
  try {
    holder = JSON.parse(text) as typeof holder;
  } catch {
    return false;
  }
  const { host, pid } = holder;
  if (host !== hostname() || typeof pid !== "number") return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function held(path: string): RegistryError {
  return new RegistryError(
    "UNAVAILABLE",
    `another writer holds ${path}; wait for it, or delete that file if it has ended`,
  );
}
