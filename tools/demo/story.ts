import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import { endpointFetch, type RemoteRegistry, remoteRegistry } from "@entrepot/distribution/client";
import { compare, isEqual } from "./compare.ts";
import { type Image, imageOf, makeLayer, pushImage, sizeOf } from "./image.ts";
import { databaseFiles, dependencyFiles, runtimeFiles, sourceFiles } from "./project-files.ts";
import { mib, type Screen } from "./screen.ts";
import { type ServerProcess, serverProcess } from "./server-process.ts";
import { type SlowLine, slowLine } from "./slow-line.ts";
import { type Standing, standingOf } from "./standing.ts";
import type { TarFile } from "./tar.ts";

const REPOSITORY = "library/entrepot";
const LINE_BYTES_PER_SECOND = 20 << 20;
const TICK_MS = 1000;
/** In all; it usually takes half of it. */
const LIMIT_MS = 110_000;

/** What the demo is told with. */
export interface Telling {
  readonly screen: Screen;
  /** Ends it at the next opportunity. */
  readonly signal: AbortSignal;
  /** Takes note of what is to be undone at the end, whatever happens; the latest first. */
  readonly onEnd: (undo: () => Promise<unknown>) => void;
}

/** The two registries and what lies between them. */
interface Scene extends Telling {
  readonly folder: string;
  readonly a: ServerProcess;
  readonly b: ServerProcess;
  readonly password: string;
  readonly deadline: number;
}

/** The policy under watch, and the line that it sends over. */
interface Wire {
  readonly policy: number;
  readonly line: SlowLine;
}

/**
 * Two registries, an image, a policy, and a kill -9 in mid-transfer. Returns whether both sides are
 * equal in the end.
 */
export async function tellStory(telling: Telling): Promise<boolean> {
  const { screen, signal } = telling;
  const scene = await openScene(telling);
  const image = await makeImages(scene);
  const wire = await wirePolicy(scene);
  signal.throwIfAborted();

  const { stable, edge, bytes } = image;
  await push(scene, [
    [stable, ["0.1.0", "0.1", "latest"]],
    [edge, ["edge"]],
  ]);
  screen.line(`3  Pushed to A as ${REPOSITORY}, tags 0.1.0, 0.1, latest and edge. Now watch B:`);

  await untilHalfWay(scene, wire, bytes);
  await scene.a.kill();
  screen.line(`4  kill -9 of A (process ${scene.a.pid}), in the middle of a layer.`);
  await scene.a.start();
  signal.throwIfAborted();
  screen.line(`   A is started again (process ${scene.a.pid}). Nobody tells it what to do:`);
  screen.line("   after some seconds without a sign of the old process, it takes over its tasks.");
  await untilArrived(scene, wire, ["0.1.0", "0.1", "latest", "edge"]);
  screen.line(`5  Everything has arrived: ${mib(wire.line.bytesSent)} went over the line.`);
  return showComparison(scene);
}

async function openScene(telling: Telling): Promise<Scene> {
  const { screen, onEnd, signal } = telling;
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "entrepot-demo-"));
  onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // PostgreSQL may have to run as another user, who must get through.
  await chmod(folder, 0o711);

  const password = randomBytes(12).toString("base64url");
  const [a, b] = ["a", "b"].map((name) =>
    serverProcess({ dataDir: join(folder, name), adminPassword: password }),
  ) as [ServerProcess, ServerProcess];
  onEnd(() => Promise.all([a.stop(), b.stop()]));
  screen.line("Two registries, one image, and a kill -9 in mid-transfer.\n");
  await Promise.all([a.start(), b.start()]);
  signal.throwIfAborted();
  screen.line(`1  Registry A is at ${a.url}, registry B at ${b.url}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  screen.line(`   (new databases, own processes; ${seconds} s).`);
  return { ...telling, folder, a, b, password, deadline: started + LIMIT_MS };
}

/** An image of this project, and one with a layer more. */
async function makeImages({ screen, folder, signal }: Scene) {
  const note = join(folder, "note.txt");
  await writeFile(note, "The same as 0.1.0, and this note.\n");
  const layer = (about: string, files: readonly TarFile[], gzip: number) =>
    makeLayer(folder, about, files, gzip, signal);
  const layers = [
    await layer("the Node that runs this", runtimeFiles(), 0),
    await layer("the PostgreSQL beside it", databaseFiles(), 1),
    await layer("packages from npm", dependencyFiles(), 1),
    await layer("Entrepot's own files", sourceFiles(), 6),
  ];
  const last = await layer("a note", [{ name: "note.txt", path: note }], 6);
  const command = ["/usr/local/bin/node", "apps/server/main.ts", "serve"];
  const stable = imageOf(layers, command);
  const edge = imageOf([...layers, last], command);
  const bytes = sizeOf(stable, edge);
  screen.line(`2  An image made of this project, ${mib(bytes)}:`);
  for (const { descriptor, about } of edge.layers) {
    screen.line(`   ${mib(descriptor.size).padStart(10)}  ${about}`);
  }
  return { stable, edge, bytes };
}

/** A policy on A that sends every change to B, over a line slow enough to watch. */
async function wirePolicy({ a, b, password, onEnd, screen }: Scene): Promise<Wire> {
  const line = await slowLine(b.url, LINE_BYTES_PER_SECOND);
  onEnd(() => line.close());
  const api = apiOf(a, password);
  const endpoint = await api.registries.create({
    body: {
      name: "b",
      type: "harbor",
      url: line.url,
      insecure: false,
      credential: { type: "basic", access_key: "admin", access_secret: password },
    },
  });
  const created = await api.policies.create({
    body: {
      name: "everything-to-b",
      description: "",
      dest_registry: { id: Number(endpoint.created) },
      trigger: { type: "event_based" },
      dest_namespace: "",
      dest_namespace_replace_count: -1,
      override: true,
      enabled: true,
    },
  });
  screen.line("   A has an event-based policy: whatever is pushed goes to B,");
  screen.line(
    `   over a line of ${mib(LINE_BYTES_PER_SECOND)}/s (so that there is time to watch).`,
  );
  return { policy: Number(created.created), line };
}

async function push(
  { a, password }: Scene,
  images: readonly (readonly [Image, readonly string[]])[],
): Promise<void> {
  const registry = registryAt(a, password);
  try {
    for (const [image, tags] of images) {
      await pushImage(registry.repository(REPOSITORY), image, tags);
    }
  } finally {
    await registry.close();
  }
}

/** Returns when a good part of the bytes, but far from all, has been sent. */
async function untilHalfWay(scene: Scene, wire: Wire, bytes: number): Promise<void> {
  await watch(scene, wire, ({ bytesSent, tasks, tasksDone }) => {
    if (tasks > 0 && tasksDone === tasks) {
      throw new Error("everything had arrived before A could be killed: this line is too fast");
    }
    return bytesSent > bytes / 3;
  });
}

async function untilArrived(scene: Scene, wire: Wire, tags: readonly string[]): Promise<void> {
  await watch(scene, wire, ({ wanted, arrived }) =>
    tags.every((tag) => wanted.get(tag) && arrived.get(tag) === wanted.get(tag)),
  );
}

/** Shows every second how far the policy is, until `enough` says yes. */
async function watch(
  { a, password, screen, signal, deadline }: Scene,
  { policy, line }: Wire,
  enough: (standing: Standing) => boolean,
): Promise<void> {
  const api: ApiClient = apiOf(a, password);
  let trouble = "";
  let before = line.bytesSent;
  for (let at = performance.now(); ; at += TICK_MS) {
    const standing = await standingOf(api, policy);
    if (standing) {
      const { tasks, tasksDone } = standing;
      const sent = line.bytesSent;
      const rate = ((sent - before) * 1000) / TICK_MS;
      before = sent;
      ({ trouble } = standing);
      const done = `${tasksDone} of ${tasks} tasks done`;
      screen.passing(`     ${done}  ${mib(sent).padStart(10)} sent  ${mib(rate).padStart(9)}/s`);
      if (enough(standing)) return;
    }
    if (performance.now() > deadline) throw new Error(`this takes too long. ${trouble}`);
    await pause(Math.max(0, at + TICK_MS - performance.now()), undefined, { signal });
  }
}

async function showComparison({ a, b, password, screen }: Scene): Promise<boolean> {
  const [left, right] = [registryAt(a, password), registryAt(b, password)];
  try {
    const found = await compare(left, right, REPOSITORY);
    screen.line("6  A and B compared by their /v2/, tag by tag:");
    for (const { tag, left: ours, right: theirs } of found.tags) {
      const sign = ours === theirs ? "=" : "differs from";
      screen.line(`     ${tag.padEnd(8)} ${short(ours)} ${sign} ${short(theirs)}`);
    }
    screen.line(`   ${found.blobs} blobs (${mib(found.bytesRead)}) read back from B:`);
    screen.line("   every byte has the digest that its manifest says.\n");
    const equal = isEqual(found);
    screen.line(equal ? "Both sides are equal." : "The two sides are NOT equal.");
    return equal;
  } finally {
    await Promise.all([left.close(), right.close()]);
  }
}

const short = (digest: string | null): string => digest?.slice(0, 19) ?? "nothing";

function apiOf({ url }: ServerProcess, password: string): ApiClient {
  return apiClient({ url, credential: { username: "admin", password }, timeoutMs: 5_000 });
}

function registryAt({ url }: ServerProcess, password: string): RemoteRegistry {
  const credential = { username: "admin", password };
  return remoteRegistry({ url, credential, fetch: endpointFetch() });
}
