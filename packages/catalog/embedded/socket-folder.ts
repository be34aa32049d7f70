import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { RunAs } from "./run-as.ts";

/** A socket's whole path must fit the kernel's address structure: 108 bytes with the final zero. */
const LIMIT_BYTES = process.platform === "linux" ? 107 : 103;

const AWAY = "entrepot-socket-";

/**
 * A private folder for the server's socket: `run` in `folder`, or, where that path is too long for
 * a socket, a new one among the system's temporary folders.
 */
export async function makeSocketFolder(folder: string, user: RunAs | null): Promise<string> {
  const near = join(folder, "run");
  const fits = Buffer.byteLength(join(near, ".s.PGSQL.5432.lock")) <= LIMIT_BYTES;
  const path = fits ? near : await mkdtemp(join(tmpdir(), AWAY));
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user) await chown(path, user.uid, user.gid);
  return path;
}

/** Removes a socket folder that `makeSocketFolder` has made elsewhere; leaves any other alone. */
export async function removeSocketFolder(path: string): Promise<void> {
  if (basename(path).startsWith(AWAY)) await rm(path, { recursive: true, force: true });
}
