import { setTimeout as pause } from "node:timers/promises";
import type { Node } from "./node.ts";
import type { World } from "./world.ts";

/** How long nothing may have happened: two rounds of looking after what is behind. */
const QUIET_MS = 250;
const LOOK_MS = 50;

/** What a node still has to do. */
interface Work {
  readonly head: number;
  readonly unread: number;
  readonly running: number;
  readonly behind: readonly string[];
}

/**
 * Waits until nobody has anything to do any more, and nothing has changed for a while. Throws after
 * `limitMs`, with what is left.
 */
export async function untilAtRest(world: World, limitMs = 30_000): Promise<void> {
  const began = performance.now();
  let before = "";
  let since = began;
  for (;;) {
    const works = await worksOf(world);
    const now = JSON.stringify(works);
    if (now !== before) since = performance.now();
    before = now;
    const isIdle = works.every(
      ([, work]) => work.unread === 0 && work.running === 0 && work.behind.length === 0,
    );
    if (isIdle && performance.now() - since >= QUIET_MS) return;
    if (performance.now() - began > limitMs) {
      throw new Error(`no rest after ${limitMs} ms: ${JSON.stringify(works, null, 2)}`);
    }
    await pause(LOOK_MS);
  }
}

async function worksOf(world: World): Promise<[string, Work][]> {
  const nodes = [...world.nodes.values()];
  return Promise.all(nodes.map(async (node) => [node.name, await workOf(node)] as [string, Work]));
}

async function workOf(node: Node): Promise<Work> {
  const { db, ...records } = await node.records();
  const head = await records.head();
  const cursor = await db
    .selectFrom("journal_cursor")
    .select("seq")
    .where("reader", "=", "replication")
    .executeTakeFirst();
  const running = await db
    .selectFrom("execution")
    .select("id")
    .where("status", "=", "Running")
    .execute();
  const behind = await db
    .selectFrom("replica")
    .select(["repository", "reference", "wanted", "arrived", "last_error"])
    .whereRef("wanted", "is distinct from", "arrived")
    .execute();
  return {
    head,
    unread: head - (cursor?.seq ?? 0),
    running: running.length,
    behind: behind.map((row) => JSON.stringify(row)),
  };
}
