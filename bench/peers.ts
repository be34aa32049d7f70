import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Bench } from "./bench.ts";

/** A registry that runs as a process of its own, over an empty folder. */
export interface Peer {
  readonly name: "Entrepot" | "docker-registry";
  readonly url: string;
  readonly pid: number;
  /** The `Authorization` that its clients send, as Docker would have fetched it; null: none. */
  authorization(repository: string): Promise<string | null>;
  /** Stops it and removes its folder. Repeating does nothing. */
  close(): Promise<void>;
}

/** Entrepot, and docker-registry where it is installed. */
export interface Pair {
  readonly entrepot: Peer;
  readonly dockerRegistry: Peer | null;
}

/** Admin's name and password at every Entrepot started here. */
export const ADMIN = { username: "admin", password: "Bench-12345" };

const ROOT = join(import.meta.dirname, "..");
const START_MS = 60_000;
const STOP_MS = 30_000;

/** Starts both registries on free ports, over folders beside each other. */
export async function startPair(bench: Bench): Promise<Pair> {
  const dockerRegistry = bench.programs.dockerRegistry ? await startDockerRegistry(bench) : null;
  return { entrepot: await startEntrepot(bench), dockerRegistry };
}

/** Stops what `startPair` started. */
export async function closePair({ entrepot, dockerRegistry }: Pair): Promise<void> {
  await entrepot.close();
  await dockerRegistry?.close();
}

/** Entrepot as `npm start` runs it, with the embedded PostgreSQL and `more` flags. */
export async function startEntrepot(bench: Bench, more: readonly string[] = []): Promise<Peer> {
  const folder = await makeFolder(bench, "entrepot");
  const follow = pathToFileURL(join(ROOT, "tools/follow-parent.mjs")).href;
  const flags = ["--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--log-level", "error"];
  // As tools/run.mjs starts it.
  const node = ["--max-semi-space-size=8", "--import", follow, ...bench.nodeFlags];
  const child = spawn(
    process.execPath,
    [...node, join(ROOT, "apps/server/main.ts"), "serve", ...flags, ...more],
    {
      cwd: folder,
      // A process group of its own: Ctrl-C reaches only us, and we stop it once.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], ENTREPOT_ADMIN_PASSWORD: ADMIN.password },
    },
  );
  const close = closing(bench, child, folder);
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    if (!text.startsWith("entrepot: stopping")) bench.say(text.trimEnd());
  });
  const url = await readyAddress(child);
  return {
    name: "Entrepot",
    url,
    pid: child.pid!,
    close,
    authorization: (repository) => fetchToken(url, repository),
  };
}

/** Debian's docker-registry with its filesystem driver, which syncs what it stores. */
export async function startDockerRegistry(bench: Bench): Promise<Peer> {
  const folder = await makeFolder(bench, "docker-registry");
  const address = `127.0.0.1:${await freePort()}`;
  const configuration = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: true },
      cache: { blobdescriptor: "inmemory" },
    },
    http: { addr: address, secret: "of this measurement" },
  };
  const file = join(folder, "config.yml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration));
  const child = spawn("docker-registry", ["serve", file], { detached: true, stdio: "ignore" });
  const close = closing(bench, child, folder);
  const url = `http://${address}`;
  await answering(`${url}/v2/`);
  return { name: "docker-registry", url, pid: child.pid!, close, authorization: async () => null };
}

async function makeFolder(bench: Bench, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `entrepot-bench-${name}-`));
  await mkdir(join(folder, "data"));
  return folder;
}

/** Stops `child`, by force if it does not end, and removes `folder`; at the latest at exit. */
function closing(bench: Bench, child: ChildProcess, folder: string): () => Promise<void> {
  const exited = once(child, "exit");
  return bench.cleanup.add(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(force);
    }
    await rm(folder, { recursive: true, force: true });
  });
}

async function readyAddress(child: ChildProcess): Promise<string> {
  const deadline = AbortSignal.timeout(START_MS);
  let said = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(child, "exit").then(() => "ended");
  for (;;) {
    const url = /ready at (http:\S+)/.exec(said)?.[1];
    if (url !== undefined) return url;
    const news = once(child.stdout!, "data", { signal: deadline });
    if ((await Promise.race([news, ended])) !== "ended") continue;
    throw new Error(`Entrepot did not start (exit ${child.exitCode ?? child.signalCode}): ${said}`);
  }
}

async function fetchToken(url: string, repository: string): Promise<string> {
  const scope = encodeURIComponent(`repository:${repository}:pull,push`);
  const login = Buffer.from(`${ADMIN.username}:${ADMIN.password}`).toString("base64");
  const response = await fetch(`${url}/service/token?service=harbor-registry&scope=${scope}`, {
    headers: { authorization: `Basic ${login}` },
  });
  if (!response.ok) throw new Error(`Entrepot refused a token: ${await response.text()}`);
  const { token } = (await response.json()) as { token: string };
  return `Bearer ${token}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await pause(50);
  }
  throw new Error(`docker-registry does not answer at ${url} after 10 s`);
}
