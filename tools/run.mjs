// Runs a TypeScript file of this repository: `node tools/run.mjs <script.ts> [args…]`.
// Plain JavaScript for Node 20, since it is what brings Node 24: it installs what package-lock.json
// asks for, finds the Node that came with it, and hands over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, root } from "./install.mjs";
import { ensurePortal } from "./portal.mjs";

const MIN_MAJOR = 24;
const follow = pathToFileURL(join(root, "tools/follow-parent.mjs")).href;

function findNode() {
  const brought = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(brought)) return brought;
  if (Number(process.versions.node.split(".")[0]) >= MIN_MAJOR) return process.execPath;
  throw new Error(
    `Node ${MIN_MAJOR} or newer is needed; this is ${process.version}, and npm brings one only ` +
      `for Linux on x64 and arm64. Install Node ${MIN_MAJOR} and try again.`,
  );
}

/** Passes a signal on once. From a terminal, Ctrl-C and hang-up reach the child by themselves. */
function passSignals(child) {
  const terminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const last = new Map();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) {
    process.on(signal, () => {
      const again = Date.now() - (last.get(signal) ?? 0) < 1000;
      const first = !last.has(signal);
      last.set(signal, Date.now());
      // npm repeats the terminal's signal: within a second it is the same one.
      if (again) return;
      if (first && terminal && (signal === "SIGINT" || signal === "SIGHUP")) return;
      child.kill(signal);
    });
  }
}

/** A small young generation: what a push leaves behind is given back 100 MB earlier. */
const HEAP = "--max-semi-space-size=8";

/** Much of what a start costs is compiling; where this cannot be written, it is done each time. */
const COMPILED = join(root, ".cache/compiled");

function run(node, args) {
  const PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`;
  const env = { NODE_COMPILE_CACHE: COMPILED, ...process.env, PATH };
  const underNpm = env.npm_lifecycle_event !== undefined;
  // Where the process can be replaced there is nobody in between, and nothing to pass on.
  if (typeof process.execve === "function") {
    process.removeAllListeners("warning");
    const preload = underNpm ? ["--import", follow] : [];
    process.execve(node, [node, HEAP, ...preload, ...args], env);
  }
  const child = spawn(node, [HEAP, "--import", follow, ...args], { stdio: "inherit", env });
  passSignals(child);
  if (underNpm) void import(follow);
  child.on("error", (error) => {
    console.error(`entrepot: cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Whether what is run serves pages, or tests those who do. */
function serves(file, given) {
  if (file.endsWith("tools/test.ts") || file.endsWith("tools/portal-pictures.ts")) return true;
  return file.endsWith("apps/server/main.ts") && given[0] === "serve" && !given.includes("--help");
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error("usage: node tools/run.mjs <script.ts> [arguments…]");
  process.exit(2);
}
try {
  await ensureInstalled();
  if (serves(script, args)) await ensurePortal(findNode());
  run(findNode(), [resolve(root, script), ...args]);
} catch (error) {
  console.error(`entrepot: ${error.message}`);
  process.exit(1);
}
