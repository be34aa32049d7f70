import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { httpClient } from "../client/http-client.ts";
import { pushImage } from "../client/push-image.ts";
import { type Figure, KIB, MB, MIB } from "../figure.ts";
import { ADMIN, type Peer, startEntrepot } from "../peers.ts";
import { memoryOf } from "../process-tree.ts";
import { runProgram } from "../run-program.ts";
import { pushSamples } from "../sample-images.ts";
import { percentile } from "../statistics.ts";

const LARGE = 16 * MIB;
const LOOK_MS = 20;
/** Pushes that are measured at a time. */
const AT_A_TIME = 2;
/** Within 20 % of idle: of ratios the inverse. */
const NEARLY_IDLE = { ratio: 0.83 };

const sizesOf = ({ quick }: Bench) =>
  quick
    ? { small: 200, large: 4, pushes: 40, seconds: 5 }
    : { small: 4_000, large: 64, pushes: 600, seconds: 30 };

/** What recovery costs those who push, how fast everything is checked, and what could be lost. */
export const recovery: Scenario = {
  name: "recovery",
  about: (bench) => {
    const { small, large, pushes, seconds } = sizesOf(bench);
    return (
      `${small.toLocaleString("en")} small images and ${large} of ${LARGE / MIB} MiB. Per round ` +
      `${pushes} images of 8 KiB are pushed, ${AT_A_TIME} at a time, as Docker does it: with ` +
      "nothing else going on, while garbage is collected, and while everything is backed up, " +
      "both again and again. Then the large ones and all are checked, from the disk: large files " +
      "are dropped from the kernel's memory before, and again before they are read by `cat`. At " +
      `last a target that is up to date follows five pushes a second for ${seconds} s: since ` +
      "when the oldest change waits that is not in it."
    );
  },
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-bench-recovery-"));
    const remove = bench.cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const [vault, storage] = [join(folder, "vault"), join(folder, "storage")];
    const places = ["--backup-folders", folder, "--storage", `file:${storage}`];
    const entrepot = await startEntrepot(bench, places);
    const api = apiClient({ url: entrepot.url, credential: ADMIN, timeoutMs: 600_000 });
    await fill(bench, entrepot);
    const { created } = await api.backups.create({
      body: { name: "vault", address: `file:${vault}` } as never,
    });
    const id = Number(created);
    await backUp(api, id);
    const before = memoryOf(entrepot.pid).bytes;

    const pushing = await pushesBeside(bench, entrepot, api, id);
    const checking = [
      await checks(bench, api, storage, "check of the large images", "library/large"),
      await checks(bench, api, storage, "check of everything", ""),
    ];
    const lost = await lossWindow(bench, entrepot, api, id);
    const peak = memoryOf(entrepot.pid).peakBytes;
    await entrepot.close();
    await remove();
    return [
      ...pushing,
      ...checking,
      { ...ALONE, what: "loss window of a continuous backup", unit: "s", ...lost },
      { ...ALONE, what: "resident memory before all this", unit: "MB", entrepot: [before / MB] },
      { ...ALONE, what: "resident memory at the most", unit: "MB", entrepot: [peak / MB] },
    ];
  },
};

const ALONE = { better: "less", other: null, goal: null } as const;

async function fill(bench: Bench, entrepot: Peer): Promise<void> {
  const { small, large } = sizesOf(bench);
  const [make, makeLarge] = [contentMaker(KIB), contentMaker(LARGE)];
  bench.say(`recovery: pushing ${small + large} images`);
  await pushSamples(entrepot, {
    images: small + large,
    repository: (n) => (n < large ? "library/large" : `library/set-${n % 20}`),
    tags: (n) => [`v${n}`],
    layers: (n) => [n < large ? makeLarge() : make()],
  });
}

/** The 99th percentiles of pushes, alone and beside what recovery does. */
async function pushesBeside(
  bench: Bench,
  entrepot: Peer,
  api: ApiClient,
  id: number,
): Promise<Figure[]> {
  const beside: [name: string, work: (() => Promise<void>) | null, p99: number[]][] = [
    ["nothing", null, []],
    ["garbage collection", () => collect(api), []],
    ["a backup", () => backUp(api, id, true), []],
  ];
  await pushTimes(bench, entrepot, "warm");
  for (let round = 0; round < bench.rounds; round++) {
    for (const [name, work, p99] of round % 2 === 0 ? beside : beside.toReversed()) {
      await runProgram(bench.cleanup, "sync", []);
      bench.say(`recovery: pushes beside ${name}, round ${round + 1} of ${bench.rounds}`);
      const meanwhile = work === null ? null : again(work);
      p99.push(percentile(await pushTimes(bench, entrepot, `${name}-${round}`), 0.99));
      await meanwhile?.end();
    }
  }
  const [[, , idle], ...others] = beside as [(typeof beside)[0], ...typeof beside];
  return others.map(([name, , entrepotMs]) => ({
    what: `push p99 beside ${name}`,
    unit: "ms",
    better: "less",
    entrepot: entrepotMs,
    other: { name: "idle", samples: idle },
    goal: NEARLY_IDLE,
  }));
}

/** Does `work` over and over until `end`, which waits for the last and throws if one failed. */
function again(work: () => Promise<void>) {
  let isOver = false;
  const running = (async () => {
    while (!isOver) await work();
  })();
  running.catch(() => undefined); // told by `end`
  return {
    end: () => {
      isOver = true;
      return running;
    },
  };
}

/** Milliseconds of each push. */
async function pushTimes(bench: Bench, entrepot: Peer, name: string): Promise<number[]> {
  const repository = "library/pushed";
  const make = contentMaker(8 * KIB);
  const client = httpClient(entrepot.url, await entrepot.authorization(repository));
  const tookMs: number[] = [];
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < sizesOf(bench).pushes; n = next++) {
      const tags = [`${name.replaceAll(" ", "-")}-${n}`];
      const began = performance.now();
      await pushImage(client, { repository, tags, layers: [make()] });
      tookMs.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  client.close();
  return tookMs;
}

async function backUp(api: ApiClient, id: number, full = false): Promise<void> {
  const { created } = await api.backups.run({ params: { id }, body: { full } });
  const params = { id, execution_id: Number(created) };
  await ended("the backup", async () => (await api.backups.execution({ params })).body);
}

async function collect(api: ApiClient): Promise<void> {
  const body = { schedule: { type: "Manual" }, parameters: {} } as const;
  const params = { gc_id: Number((await api.garbage.start({ body })).created) };
  const read = async () => ({ status: (await api.garbage.get({ params })).body.job_status });
  await ended("garbage collection", read);
}

async function ended(what: string, read: () => Promise<{ status: string }>): Promise<void> {
  for (;;) {
    const { status } = await read();
    if (status === "Success") return;
    if (status !== "Running" && status !== "Pending")
      throw new Error(`recovery: ${what} ended as ${status}`);
    await pause(LOOK_MS);
  }
}

/** Bytes a second of checks of `scope`, and of `cat` over the same files. */
async function checks(
  bench: Bench,
  api: ApiClient,
  storage: string,
  what: string,
  scope: string,
): Promise<Figure> {
  const [ours, disk]: [number[], number[]] = [[], []];
  const weighty = ["-size", "+1M"];
  const find = (...how: string[]) =>
    runProgram(bench.cleanup, "find", [join(storage, "blobs"), "-type", "f", ...how]);
  const dropped = async () => {
    await runProgram(bench.cleanup, "sync", []);
    const drop = ["dd", "if={}", "iflag=nocache", "count=0", "status=none", ";"];
    await find(...weighty, "-exec", ...drop);
  };
  for (let round = 0; round < bench.rounds; round++) {
    bench.say(`recovery: a ${what}, round ${round + 1} of ${bench.rounds}`);
    await dropped();
    const began = performance.now();
    const { created } = await api.checks.start({ body: { quick: false, scope } as never });
    const params = { check_id: Number(created) };
    await ended("the check", async () => (await api.checks.get({ params })).body);
    const seconds = (performance.now() - began) / 1_000;
    const { bytes_read: bytes, damage } = (await api.checks.get({ params })).body;
    if (damage > 0) throw new Error(`recovery: the check found ${damage} damaged things`);
    ours.push(bytes / MB / seconds);
    await dropped();
    const read = performance.now();
    await find(
      ...(scope === "" ? [] : weighty),
      "-exec",
      "sh",
      "-c",
      'cat "$@" > /dev/null',
      "sh",
      "{}",
      "+",
    );
    disk.push(bytes / MB / ((performance.now() - read) / 1_000));
  }
  const other = { name: "cat of the same files", samples: disk };
  return {
    what,
    unit: "MB/s",
    better: "more",
    entrepot: ours,
    other,
    goal: { ratio: 0.8 },
  };
}

/** The longest time for which a change waits, in seconds, while a target follows pushes. */
async function lossWindow(bench: Bench, entrepot: Peer, api: ApiClient, id: number) {
  const { body: target } = await api.backups.get({ params: { id } });
  await api.backups.update({ params: { id }, body: { ...target, continuous: true } as never });
  // What it has not seen of the rounds before is no loss of this one.
  while ((await api.backups.get({ params: { id } })).body.behind_since !== null)
    await pause(LOOK_MS);
  bench.say("recovery: the loss window");
  const repository = "library/followed";
  const make = contentMaker(8 * KIB);
  const client = httpClient(entrepot.url, await entrepot.authorization(repository));
  const deadline = performance.now() + sizesOf(bench).seconds * 1_000;
  let longest = 0;
  for (let n = 0; performance.now() < deadline; n++) {
    await Promise.all([
      pushImage(client, { repository, tags: [`v${n}`], layers: [make()] }),
      pause(200),
    ]);
    const { behind_since: since } = (await api.backups.get({ params: { id } })).body;
    if (since !== null) longest = Math.max(longest, (Date.now() - Date.parse(since)) / 1_000);
  }
  client.close();
  return { entrepot: [longest], goal: { atMost: 5 } };
}
