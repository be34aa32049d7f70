import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { handlerOf, testNodes } from "./test-nodes.ts";

/** The same numbers between 0 and 1 for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SEEDS = process.env["SEED"] ? [Number(process.env["SEED"])] : [1, 2, 3];
const LANES = 5;
const TASKS = 60;

test.each(SEEDS)(
  "lanes run one task at a time, in order, on three nodes: seed %i",
  async (seed) => {
    const replay = `replay: SEED=${seed} vitest run packages/jobs/lane.test.ts`;
    const next = random(seed);
    const { open } = await testNodes();
    const nodes = [await open(), await open(), await open()];
    const running = new Map<string, number>();
    const started = new Map<string, number[]>();
    const overlaps: string[] = [];
    const durations = Array.from({ length: TASKS }, () => Math.floor(next() ** 3 * 30));

    const run = async ({ task }: TaskRun) => {
      const other = running.get(task.lane);
      if (other !== undefined) overlaps.push(`${other} and ${task.id} in ${task.lane}`);
      running.set(task.lane, task.id);
      started.set(task.lane, [...(started.get(task.lane) ?? []), task.id]);
      await sleep(durations[Number(task.payload["n"])]);
      running.delete(task.lane);
    };
    for (const { jobs } of nodes) {
      jobs.handle(handlerOf("step", run));
      await jobs.start({ workers: 3 });
    }
    const ids: number[] = [];
    const todo = Array.from({ length: TASKS }, (_, n) => ({
      kind: "step",
      lane: `lane ${Math.floor(next() * LANES)}`,
      payload: { n },
    }));
    while (todo.length > 0) {
      const tasks = todo.splice(0, 1 + Math.floor(next() * 8));
      const node = nodes[Math.floor(next() * nodes.length)];
      if (node) ids.push(await node.execute(...tasks));
    }
    for (const id of ids) {
      expect((await nodes[0]?.settled(id))?.status, replay).toBe("Success");
    }
    expect(overlaps, replay).toEqual([]);
    for (const [lane, order] of started) {
      expect(order, `${lane}; ${replay}`).toEqual(order.toSorted((a, b) => a - b));
    }
    expect([...started.values()].flat().length, replay).toBe(TASKS);
  },
);

test("tasks that fail and are tried again never share their lane either", async () => {
  const { open } = await testNodes();
  const nodes = [await open(), await open()];
  let inLane = 0;
  let worst = 0;
  const run = async ({ attempt }: TaskRun) => {
    worst = Math.max(worst, ++inLane);
    await sleep(3);
    inLane--;
    if (attempt < 3) throw new Error("not yet");
  };
  for (const { jobs } of nodes) {
    jobs.handle(handlerOf("flaky", run, { maxAttempts: 3, retryDelayMs: () => 5 }));
    await jobs.start({ workers: 4 });
  }
  const tasks = Array.from({ length: 12 }, () => ({ kind: "flaky", lane: "one" }));
  const [node] = nodes;
  const done = await node?.settled(await node.execute(...tasks));
  expect(done?.counts.Success).toBe(12);
  expect(worst).toBe(1);
});

test("a task that waits to be tried again lets newer ones of its lane pass", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  const order: string[] = [];
  const run = ({ task, attempt }: TaskRun) => {
    order.push(`${String(task.payload["name"])} ${attempt}`);
    if (task.payload["name"] === "old" && attempt === 1) throw new Error("not now");
  };
  jobs.handle(handlerOf("step", run, { maxAttempts: 2, retryDelayMs: () => 300 }));
  const id = await execute(
    { kind: "step", payload: { name: "old" } },
    { kind: "step", payload: { name: "new" } },
  );
  await jobs.start({ workers: 2 });
  expect((await settled(id)).status).toBe("Success");
  expect(order).toEqual(["old 1", "new 1", "old 2"]);
});
