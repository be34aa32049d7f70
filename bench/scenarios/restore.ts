import { setTimeout as pause } from "node:timers/promises";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import type { Bench, Scenario } from "../bench.ts";
import { contentMaker } from "../client/content.ts";
import { type Figure, KIB } from "../figure.ts";
import { ADMIN, startEntrepot } from "../peers.ts";
import { checkSamples, pushSamples } from "../sample-images.ts";

const REPOSITORIES = 20;
const TAGS = 5;
const imagesOf = (bench: Bench) => (bench.quick ? 400 : 20_000);
const SMALL_IMAGES = 200;
const LOOK_MS = 50;
const LOOK_PART = 0.02;

/** Names put back to a moment, and a project beside itself. */
export const restore: Scenario = {
  name: "restore",
  about: (bench) => {
    const images = imagesOf(bench);
    return (
      `${(images * TAGS).toLocaleString("en")} tags on ${images.toLocaleString("en")} images ` +
      `of a layer and a config, in ${REPOSITORIES} repositories that are deleted: the registry ` +
      "back to the moment before, from the request to its execution's end, with its plan. Then a " +
      `project of ${(SMALL_IMAGES * TAGS).toLocaleString("en")} tags as it was then, into a new ` +
      "project beside it. Every tag's digest is checked afterwards."
    );
  },
  async run(bench) {
    const entrepot = await startEntrepot(bench);
    const api = apiClient({ url: entrepot.url, credential: ADMIN, timeoutMs: 600_000 });
    for (const name of ["big", "small"])
      await api.projects.create({ body: { project_name: name } });
    bench.say(`restore: pushing ${imagesOf(bench) + SMALL_IMAGES} images`);
    const make = contentMaker(KIB);
    const samples = await pushSamples(entrepot, {
      images: imagesOf(bench) + SMALL_IMAGES,
      repository: (n) => (n < SMALL_IMAGES ? "small/app" : `big/set-${n % REPOSITORIES}`),
      tags: (n) => Array.from({ length: TAGS }, (_, k) => `v${n}.${k}`),
      layers: () => [make()],
    });
    const [all, beside]: [number[], number[]] = [[], []];
    for (let round = 1; round <= bench.rounds; round++) {
      const at = await headOf(api);
      for (let n = 0; n < REPOSITORIES; n++) {
        const params = { project_name: "big", repository_name: `set-${n}` };
        await api.repositories.delete({ params });
      }
      all.push(await secondsOf(api, { name: "", at }, imagesOf(bench) * TAGS));
      const into = `small-${round}`;
      beside.push(await secondsOf(api, { name: "small", at, into }, SMALL_IMAGES * TAGS));
      bench.say(`restore: round ${round}: ${all.at(-1)} s, beside ${beside.at(-1)} s`);
    }
    await checkSamples(entrepot, samples);
    await entrepot.close();
    return [
      figure(`${imagesOf(bench) * TAGS} tags to a moment`, all, 60),
      figure(`a project of ${SMALL_IMAGES * TAGS} tags beside itself`, beside, 2),
    ];
  },
};

function figure(what: string, entrepot: readonly number[], atMost: number): Figure {
  return { what, unit: "s", better: "less", entrepot, other: null, goal: { atMost } };
}

/** The newest moment. */
async function headOf(api: ApiClient): Promise<string> {
  const { body } = await api.history.list({ query: { page_size: 1 } });
  return `seq:${body[0]!.seq}`;
}

/** Carries out what is asked for. Throws an Error unless at least `names` have come back. */
async function secondsOf(
  api: ApiClient,
  body: { readonly name: string; readonly at: string; readonly into?: string },
  names: number,
): Promise<number> {
  const began = performance.now();
  const { created } = await api.restores.create({ body });
  for (;;) {
    const { body: plan } = await api.restores.get({ params: { id: Number(created) } });
    const { execution, counts } = plan;
    const tookMs = performance.now() - began;
    if (execution && execution.status !== "Running") {
      const { status, done, left } = execution;
      if (status === "Success" && left + counts.conflict === 0 && done >= names) {
        return tookMs / 1_000;
      }
      throw new Error(`the restore ended as ${status}: ${done} names done, ${left} left`);
    }
    await pause(Math.max(LOOK_MS, tookMs * LOOK_PART));
  }
}
