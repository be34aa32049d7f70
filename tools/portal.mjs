// Keeps apps/portal/dist equal to the portal's sources. Plain JavaScript for Node 20; see run.mjs.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { root, whileLocked } from "./install.mjs";

const portal = join(root, "apps/portal");
const dist = join(portal, "dist");
const stamp = join(dist, ".sources");
/** What the portal is made of: its own folder, the contract, and the packages that are locked. */
const SOURCES = ["apps/portal", "packages/api"];

/**
 * Builds the portal, with the Node at `node`, if it is missing or its sources have changed since.
 * Two at once: the second waits for the first. A build that fails is told and does no harm: what
 * was built before stays, and the server runs without.
 */
export async function ensurePortal(node) {
  if (!existsSync(portal) || (await isBuilt())) return;
  await whileLocked(async () => {
    if (await isBuilt()) return;
    console.error("entrepot: building the portal (once, some seconds)");
    const hash = await sourcesHash();
    const fresh = join(portal, `dist.${process.pid}`);
    try {
      await build(node, fresh);
      await compress(fresh);
      await writeFile(join(fresh, ".sources"), hash);
      await rm(dist, { recursive: true, force: true });
      await rename(fresh, dist);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      console.error(`entrepot: ${error.message}; there is no portal until that is mended`);
    }
  });
}

async function isBuilt() {
  const built = await readFile(stamp, "utf8").catch(() => null);
  return built !== null && built === (await sourcesHash());
}

async function sourcesHash() {
  const hash = createHash("sha256").update(await readFile(join(root, "package-lock.json")));
  for (const folder of SOURCES) {
    const names = await readdir(join(root, folder), { recursive: true });
    const kept = names.filter((name) => /\.(tsx?|css|json|html|svg)$/.test(name));
    for (const name of kept
      .filter((path) => !/^dist|node_modules|\.test\./.test(path))
      .toSorted()) {
      hash.update(name).update(await readFile(join(root, folder, name)));
    }
  }
  return hash.digest("hex");
}

async function build(node, outDir) {
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const args = [
    vite,
    "build",
    "--configLoader",
    "native",
    "--outDir",
    outDir,
    "--logLevel",
    "warn",
  ];
  const child = spawn(node, args, { cwd: portal, stdio: ["ignore", 2, 2] });
  const code = await new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (exit, signal) => done(signal ?? exit));
  });
  if (code !== 0) throw new Error(`building the portal ended with ${code}; see above`);
}

/** Compressed once, here, so that no server does it at its start or while somebody waits. */
async function compress(folder) {
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((path) => /\.(?:js|css|html|svg)$/.test(path))) {
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(bytes));
    await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
  }
}
