import { testCatalog } from "@entrepot/catalog/testing";
import { expect, test } from "vitest";
import { openJobs, settled, type TaskHandler } from "./index.ts";

const tiny: TaskHandler = {
  kind: "tiny",
  maxAttempts: 1,
  run: async () => {},
  retryDelayMs: () => null,
};
const execution = { vendor: "TEST", vendorId: 1, trigger: "manual", actor: "test" };

test("500 tiny tasks, and how soon one starts; only printed", async () => {
  const { catalog, close } = await testCatalog();
  const jobs = await openJobs({ catalog });
  let startedAt = 0;
  jobs.handle(tiny);
  jobs.handle({ ...tiny, kind: "mark", run: async () => void (startedAt = performance.now()) });
  await jobs.start({ workers: 16 });

  const delaysMs: number[] = [];
  for (let n = 0; n < 20; n++) {
    const tasks = [{ kind: "mark", lane: "one", payload: {} }];
    const id = await jobs.execute({ ...execution, tasks });
    const committedAt = performance.now();
    await settled(jobs, catalog, id);
    delaysMs.push(startedAt - committedAt);
  }
  delaysMs.sort((a, b) => a - b);

  const tasks = Array.from({ length: 500 }, (_, n) => ({
    kind: "tiny",
    lane: `lane ${n}`,
    payload: { n },
  }));
  const before = performance.now();
  const id = await jobs.execute({ ...execution, tasks });
  const stored = performance.now();
  const done = await settled(jobs, catalog, id);
  const ended = performance.now();
  expect(done.counts.Success).toBe(500);

  const oneLane = Array.from({ length: 100 }, () => ({
    kind: "tiny",
    lane: "the one",
    payload: {},
  }));
  const oneBefore = performance.now();
  await settled(jobs, catalog, await jobs.execute({ ...execution, tasks: oneLane }));
  const oneEnded = performance.now();
  const ms = (value = Number.NaN) => `${value.toFixed(1)} ms`;
  console.info(`from commit to start: median ${ms(delaysMs[10])}, worst ${ms(delaysMs[19])}`);
  console.info(`500 tasks: stored in ${ms(stored - before)}, ended ${ms(ended - stored)} later`);
  console.info(`100 tasks of one lane: ${ms(oneEnded - oneBefore)}`);
  await jobs.stop();
  await close();
});
