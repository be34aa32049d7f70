import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./sources.ts";

const RUN = join(root, "tools/run.mjs");
const SCRIPT = `
const [mode = "", ...rest]: string[] = process.argv.slice(2);
process.on("SIGINT", () => console.log("SIGINT"));
process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(3); });
const { pid, version } = process;
console.log(JSON.stringify({ pid, version, rest, cwd: process.cwd() }));
if (mode === "exit") process.exit(7);
setInterval(() => {}, 1000);
`;

let folder: string;
let script: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot run-"));
  script = join(folder, "script.ts");
  await writeFile(script, SCRIPT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Nodes to start it with: this one, which replaces itself, and the machine's own. */
const NODES = [process.execPath, "/usr/bin/node"].filter(
  (node) => spawnSync(node, ["--version"]).status === 0,
);

/** Starts it and waits for its first line. */
async function started(node: string, ...args: string[]) {
  const child = spawn(node, [RUN, script, ...args], { cwd: folder });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  await once(child.stdout, "data");
  return { child, output, first: JSON.parse(output.join("").split("\n")[0] as string) };
}

const exitOf = (child: ChildProcess) =>
  child.exitCode ?? once(child, "exit").then(([code]) => code as number | null);

test.each(NODES)("%s: arguments, folder and exit code pass through", async (node) => {
  const { child, first } = await started(node, "exit", "a b", "--c");
  expect(first.rest).toEqual(["a b", "--c"]);
  expect(first.cwd).toBe(folder);
  expect(Number(first.version.slice(1).split(".")[0])).toBeGreaterThanOrEqual(24);
  expect(await exitOf(child)).toBe(7);
});

test.each(NODES)("%s: SIGINT and SIGTERM arrive once each", async (node) => {
  const { child, output } = await started(node, "wait");
  child.kill("SIGINT");
  await expect.poll(() => output.join("")).toContain("SIGINT");
  child.kill("SIGTERM");
  expect(await exitOf(child)).toBe(3);
  expect(output.join("").match(/SIG\w+/g)).toEqual(["SIGINT", "SIGTERM"]);
});

test.each(NODES)("%s: killed, it leaves nobody behind", async (node) => {
  const { child, first } = await started(node, "wait");
  child.kill("SIGKILL");
  await exitOf(child);
  const alive = () => spawnSync("kill", ["-0", String(first.pid)]).status === 0;
  await expect.poll(alive, { timeout: 5000 }).toBe(false);
});

test("bin/entrepot works through a link and from a folder with a space", async () => {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await symlink(join(root, "bin/entrepot"), join(bin, "entrepot"));
  const { status, stderr } = spawnSync(join(bin, "entrepot"), ["--help"], { cwd: folder });
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: "" });
});
