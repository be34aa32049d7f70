import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive, readPostmaster } from "./postmaster.ts";
import { startEmbedded, type Embedded } from "./start-embedded.ts";

const MODULE = pathToFileURL(join(import.meta.dirname, "index.ts")).href;
const isRoot = process.getuid?.() === 0;
let base: string;
let closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "entrepot-embedded-"));
  await chmod(base, 0o711);
  closers = [() => rm(base, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
});

async function start(dataDir: string, log?: (line: string) => void): Promise<Embedded> {
  const server = await startEmbedded({ dataDir, volatile: true, ...(log && { log }) });
  closers.push(server.stop);
  return server;
}

/** Another process that starts the server and then waits; `ready` is what it prints. */
function otherProcess(
  dataDir: string,
  uid?: number,
): { child: ChildProcess; ready: Promise<string> } {
  const code = `
    const { startEmbedded } = await import(${JSON.stringify(MODULE)});
    try {
      const server = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, volatile: true });
      setInterval(() => {}, 1000);
      // Before it says that it is ready: whoever hears that may stop it at once.
      process.on("SIGTERM", () => server.stop().then(() => process.exit()));
      process.on("SIGHUP", () => process.exit(1));
      console.log("pid " + server.pid);
    } catch (error) { console.log(error.code + " " + error.message); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const errors = text(child.stderr as NodeJS.ReadableStream & AsyncIterable<Buffer>);
  const ready = new Promise<string>((resolve) => {
    child.stdout?.once("data", (line: Buffer) => resolve(line.toString().trim()));
    child.once("exit", async () => resolve(`ended: ${await errors}`));
  });
  closers.push(() => end(child, "SIGTERM"));
  return { child, ready };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

async function query(server: Embedded, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("starts, stops, and starts again with what it held; in a path with spaces", async () => {
  const dataDir = join(base, "a path, with 'quotes' and ü");
  const first = await start(dataDir);
  expect(first.adopted).toBe(false);
  await query(first, "CREATE TABLE kept AS SELECT 7 AS n");
  expect(await query(first, "SHOW data_checksums")).toEqual([{ data_checksums: "on" }]);
  expect(await query(first, "SELECT current_user AS name")).toEqual([{ name: "entrepot" }]);
  const { pid } = first;
  await first.stop();
  await first.stop();
  expect(readPostmaster(join(dataDir, "cluster"))).toBeNull();
  expect(isAlive(pid)).toBe(false);

  const second = await start(dataDir);
  expect(await query(second, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
});

test("a path too long for a socket gets its socket among the temporary folders", async () => {
  const dataDir = join(base, "long-".repeat(20), "longer-".repeat(10));
  await mkdir(dataDir, { recursive: true });
  const server = await start(dataDir);
  expect(server.connection.host).not.toContain("long-");
  expect(await query(server, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await server.stop();
  await expect(stat(server.connection.host as string)).rejects.toMatchObject({ code: "ENOENT" });
});

test("kill -9 of the process leaves the server running; the next one takes it over", async () => {
  const dataDir = join(base, "data");
  const { child, ready } = otherProcess(dataDir);
  const pid = /^pid (\d+)$/.exec(await ready)?.[1];
  await end(child, "SIGKILL");
  const server = await start(dataDir);
  expect(server.adopted).toBe(true);
  expect(`${server.pid}`).toBe(pid);
  expect(await query(server, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
  await server.stop();
  expect(readPostmaster(join(dataDir, "cluster"))).toBeNull();
});

test("a process that exits without stopping its server leaves none behind", async () => {
  const dataDir = join(base, "pg");
  const { child, ready } = otherProcess(dataDir);
  const pid = Number((await ready).replace("pid ", ""));
  expect(isAlive(pid)).toBe(true);
  await end(child, "SIGHUP");
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  const next = await start(dataDir);
  expect(next.adopted).toBe(false);
});

test("a second process on the same folder is refused, and harms nothing", async () => {
  const dataDir = join(base, "data");
  const server = await start(dataDir);
  const { ready } = otherProcess(dataDir);
  expect(await ready).toMatch(
    new RegExp(`^CONFLICT .* is in use by another Entrepot \\(entrepot process ${process.pid}\\)`),
  );
  expect(await query(server, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
});

test("a server that ends by itself is started again, at the same address", async () => {
  const lines: string[] = [];
  const server = await start(join(base, "data"), (line) => lines.push(line));
  const { pid } = server;
  process.kill(pid, "SIGKILL");
  await expect
    .poll(() => query(server, "SELECT 1 AS n").catch(() => null), { timeout: 20_000 })
    .toEqual([{ n: 1 }]);
  await expect.poll(() => lines.at(-1)).toMatch(/^PostgreSQL runs again/);
  expect(server.pid).not.toBe(pid);
});

test("what an interrupted first start has left is cleared away and done again", async () => {
  const dataDir = join(base, "data");
  const gone = 2 ** 22 + 1;
  for (const name of [`.cluster-x.new-${gone}`, `.runtime-y.new-${gone}`]) {
    await mkdir(join(dataDir, name), { recursive: true });
    await writeFile(join(dataDir, name, "PG_VERSION"), "18");
  }
  await mkdir(join(dataDir, ".runtime-z.new-1"));
  await start(dataDir);
  const names = (await readdir(dataDir)).toSorted();
  expect(names).toEqual([
    ".runtime-z.new-1",
    "cluster",
    "postgres.log",
    "run",
    expect.stringMatching(/^runtime-\d/),
  ]);
});

test("a cluster of a newer PostgreSQL is refused in one line", async () => {
  const dataDir = join(base, "data");
  await (await start(dataDir)).stop();
  await writeFile(join(dataDir, "cluster", "PG_VERSION"), "99\n");
  await expect(start(dataDir)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringMatching(
      /^[^\n]*of PostgreSQL 99, and this Entrepot brings \d+: [^\n]*$/,
    ),
  });
});

test("a folder that cannot be one is refused in one line", async () => {
  await writeFile(join(base, "file"), "");
  await expect(start(join(base, "file", "data"))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/^the database's folder [^\n]* cannot be written [^\n]*$/),
  });
});

test.each(['a"b', "a$b", "a`b", "a\\b", "a\nb"])(
  "a path that initdb cannot take is refused: %j",
  (name) => expect(start(join(base, name))).rejects.toMatchObject({ code: "PRECONDITION" }),
);

test("a server that cannot start says why, in one line", async () => {
  const dataDir = join(base, "data");
  await (await start(dataDir)).stop();
  const control = join(dataDir, "cluster", "global", "pg_control");
  await rename(control, `${control}.away`);
  await expect(start(dataDir)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/did not start on [^\n]*control[^\n]*$/),
  });
});

test.runIf(isRoot)("root: the server is another user's, even under a closed folder", async () => {
  const closed = join(base, "closed");
  await mkdir(closed, { mode: 0o700 });
  const server = await start(join(closed, "data"));
  expect((await stat(`/proc/${server.pid}`)).uid).not.toBe(0);
  expect(await query(server, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
});

test.runIf(isRoot)("an ordinary user starts it as himself; root's folder is refused", async () => {
  const nobody = 65_534;
  const mine = join(base, "mine");
  await mkdir(mine);
  await chmod(mine, 0o777);
  const { child, ready } = otherProcess(join(mine, "data"), nobody);
  const said = await ready;
  const pid = Number(/^pid (\d+)$/.exec(said)?.[1]);
  expect(said).toBe(`pid ${pid}`);
  expect((await stat(`/proc/${pid}`)).uid).toBe(nobody);
  await end(child, "SIGTERM");
  expect(readPostmaster(join(mine, "data", "cluster"))).toBeNull();
  const refused = otherProcess(join(base, "theirs"), nobody);
  expect(await refused.ready).toMatch(/^UNAVAILABLE the database's folder .* cannot be written/);
});
