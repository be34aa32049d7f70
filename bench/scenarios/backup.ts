import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { type Figure, KIB, MB, MIB } from "../figure.ts";
import { ADMIN, startEntrepot } from "../peers.ts";
import { memoryOf } from "../process-tree.ts";
import { pushSamples } from "../sample-images.ts";

const TAGS = 5;
const imagesOf = (bench: Bench) => (bench.quick ? 400 : 20_000);
const changesOf = (bench: Bench) => (bench.quick ? 50 : 1_000);
const largeOf = (bench: Bench) => (bench.quick ? 4 : 16);
const LARGE = 16 * MIB;
const LOOK_MS = 20;
const LOOK_PART = 0.02;

/** What has changed, and everything, into a folder. */
export const backup: Scenario = {
  name: "backup",
  about: (bench) =>
    `${(imagesOf(bench) * TAGS).toLocaleString("en")} tags on ` +
    `${imagesOf(bench).toLocaleString("en")} images, and ${largeOf(bench)} images of a layer of ` +
    `${LARGE / MIB} MiB, backed up whole into a folder on the same disk, once; then per round ` +
    `${changesOf(bench).toLocaleString("en")} tags are pushed and backed up. From the request ` +
    "to the end of the execution; all of it is checked afterwards.",
  async run(bench) {
    const vault = await mkdtemp(join(tmpdir(), "entrepot-bench-vault-"));
    const remove = bench.cleanup.add(() => rm(vault, { recursive: true, force: true }));
    const entrepot = await startEntrepot(bench, ["--backup-folders", vault]);
    const api = apiClient({ url: entrepot.url, credential: ADMIN, timeoutMs: 600_000 });
    const make = contentMaker(KIB);
    const makeLarge = contentMaker(LARGE);
    const push = (images: number, name: string, large: boolean) =>
      pushSamples(entrepot, {
        images,
        repository: () => `library/${name}`,
        tags: (n) => (large ? [`v${n}`] : Array.from({ length: TAGS }, (_, k) => `v${n}.${k}`)),
        layers: () => [large ? makeLarge() : make()],
      });
    bench.say(`backup: pushing ${imagesOf(bench)} images`);
    await push(imagesOf(bench), "many", false);
    await push(largeOf(bench), "large", true);
    await api.backups.create({ body: { name: "vault", address: `file:${vault}` } as never });

    const before = memoryOf(entrepot.pid).bytes;
    const whole = await secondsOf(api, "run");
    const incremental: number[] = [];
    for (let round = 1; round <= bench.rounds; round++) {
      const images = Math.ceil(changesOf(bench) / TAGS);
      await push(images, `changed-${round}`, false);
      incremental.push(await secondsOf(api, "run"));
      bench.say(`backup: round ${round}: ${incremental.at(-1)} s`);
    }
    await secondsOf(api, "verify");
    const peak = memoryOf(entrepot.pid).peakBytes;
    await entrepot.close();
    await remove();
    return [
      figure(`${changesOf(bench)} changed tags in ${imagesOf(bench) * TAGS}`, "s", incremental, 10),
      figure(`everything, ${(largeOf(bench) * LARGE) / MB} MB of it large`, "MB/s", [
        (largeOf(bench) * LARGE) / MB / whole,
      ]),
      figure("everything", "s", [whole]),
      figure("resident memory before the first backup", "MB", [before / MB]),
      figure("resident memory at the most", "MB", [peak / MB]),
    ];
  },
};

function figure(
  what: string,
  unit: Figure["unit"],
  entrepot: readonly number[],
  atMost?: number,
): Figure {
  const goal = atMost === undefined ? null : { atMost };
  return { what, unit, better: unit === "MB/s" ? "more" : "less", entrepot, other: null, goal };
}

/** How long the only target takes to be brought up to date, or checked. */
async function secondsOf(api: ApiClient, act: "run" | "verify"): Promise<number> {
  const { body: targets } = await api.backups.list({ query: {} });
  const { id } = targets[0]!;
  const began = performance.now();
  const { created } = await (act === "run"
    ? api.backups.run({ params: { id }, body: { full: false } })
    : api.backups.verify({ params: { id }, body: { share: 1 } }));
  for (;;) {
    const params = { id, execution_id: Number(created) };
    const { body: execution } = await api.backups.execution({ params });
    const tookMs = performance.now() - began;
    if (execution.status === "Success") return tookMs / 1_000;
    if (execution.status !== "Running") throw new Error(`backup: ${execution.status_text}`);
    await pause(Math.max(LOOK_MS, tookMs * LOOK_PART));
  }
}
