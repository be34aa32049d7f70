// Keeps node_modules equal to package-lock.json. Plain JavaScript for Node 20; see run.mjs.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const stamp = join(root, "node_modules/.entrepot-installed");
const lock = join(root, ".cache/install.pid");
const WAIT_MS = 600_000;

/**
 * Runs `npm ci --ignore-scripts` if node_modules is missing, incomplete or of another lock file.
 * Two at once: the second waits for the first. Throws with a line that says what to do.
 */
export async function ensureInstalled() {
  if (await isInstalled()) return;
  await whileLocked(async () => {
    if (await isInstalled()) return;
    console.error("entrepot: installing dependencies with npm ci (once, about a minute)");
    await npmCi();
    await writeStamp(await lockHash());
  });
}

async function isInstalled() {
  const hash = await lockHash();
  const stamped = await readFile(stamp, "utf8").catch(() => null);
  if (stamped === hash) return true;
  // Installed by hand: npm's own record of what it put there says whether it is the same.
  if (stamped !== null || !(await matchesLock())) return false;
  await writeStamp(hash).catch(() => {});
  return true;
}

async function lockHash() {
  const bytes = await readFile(join(root, "package-lock.json"));
  return createHash("sha256").update(bytes).digest("hex");
}

async function writeStamp(hash) {
  await writeFile(`${stamp}.${process.pid}`, hash);
  await rename(`${stamp}.${process.pid}`, stamp);
}

/** Whether node_modules has every package of the lock file at its version, optional ones aside. */
async function matchesLock() {
  const installed = await readJson(join(root, "node_modules/.package-lock.json"));
  const wanted = await readJson(join(root, "package-lock.json"));
  if (!installed) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const here = installed.packages[path];
    if (!here) return entry.optional === true || entry.devOptional === true;
    return here.version === entry.version && existsSync(join(root, path));
  });
}

async function readJson(path) {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

async function npmCi() {
  // Without our own .bin: npm must not run on the Node that it is about to replace.
  const ours = join(root, "node_modules/.bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== ours);
  const env = { ...process.env, PATH: path.join(delimiter) };
  const args = ["ci", "--ignore-scripts", "--loglevel=error", "--no-update-notifier"];
  const child = spawn("npm", args, { cwd: root, env, stdio: ["ignore", "ignore", 2] });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => child.kill(signal));
  const code = await new Promise((done, fail) => {
    child.on("error", (cause) => fail(new Error(`cannot run npm: ${cause.message}`, { cause })));
    child.on("exit", (exit, signal) => done(signal ?? exit));
  });
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
  if (code === 0) return;
  throw new Error(`npm ci in ${root} ended with ${code}; see above, mend it and try again`);
}

/** Runs `fn` while holding the lock file, which names its holder's process. */
export async function whileLocked(fn) {
  await mkdir(dirname(lock), { recursive: true });
  const deadline = Date.now() + WAIT_MS;
  while (!(await take())) {
    if (Date.now() > deadline) throw new Error(`another install holds ${lock}; remove it if not`);
    await sleep(200);
  }
  try {
    await fn();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take() {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const holder = await readFile(lock, "utf8").catch(() => "");
  if (holder !== "" && !isAlive(Number(holder))) {
    // By rename, so that of two that find it stale one succeeds and no newer lock is removed.
    const aside = `${lock}.${process.pid}`;
    await rename(lock, aside).catch(() => {});
    const moved = await readFile(aside, "utf8").catch(() => holder);
    if (moved === holder) await rm(aside, { force: true });
    else await rename(aside, lock);
  }
  return false;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
