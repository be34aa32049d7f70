import { seededRandom, seeds } from "@entrepot/catalog/testing";
import { memoryRegistry, type Repository } from "@entrepot/registry";
import { before } from "@entrepot/registry/faults";
import { expect, test } from "vitest";
import { gathered } from "./parts.ts";
import { registryObjects } from "./registry-objects.ts";

const FILE = "packages/service/recovery/backup/registry-claims.test.ts";
const ROUNDS = 20;

/**
 * Several processes that share nothing but a repository. Each request waits for its turn, which is
 * given in an order of the seed's; time passes while one waits for another only.
 */
function world(seed: number) {
  const random = seededRandom(seed);
  const there = memoryRegistry().repository("backups/vault");
  const waiting: (() => void)[] = [];
  let now = 0;
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));

  /** A process that never gets its answer after `requests`. */
  const open = (requests = Infinity) => {
    let left = requests;
    const repository: Repository = before(there, async () => {
      await (left-- > 0 ? turn() : new Promise(() => undefined));
    });
    const pause = async (ms: number) => {
      now += ms;
      await turn();
    };
    const clock = () => now;
    return registryObjects({ repository: async () => repository, clock, pause, random });
  };
  /** Gives turns until `work` has ended, or nobody waits for one any more. */
  const run = async <T>(work: Promise<T>): Promise<T | null> => {
    let ended = false;
    void work.finally(() => (ended = true)).catch(() => undefined);
    for (let idle = 0; !ended && idle < 50;) {
      await new Promise(setImmediate);
      const [next] = waiting.splice(Math.floor(random() * waiting.length), 1);
      next?.();
      idle = next ? 0 : idle + 1;
    }
    return ended ? await work : null;
  };
  return { there, open, run, below: (n: number) => Math.floor(random() * n) };
}

async function contentOf(there: Repository, key: string): Promise<string | undefined> {
  const bytes = await registryObjects({ repository: async () => there }).get(key);
  return bytes ? (await gathered(bytes)).toString() : undefined;
}

test.each(seeds(FILE, process.env, 20))(
  "of processes that put if absent one is told true, in whatever order (%s)",
  async (_replay, first) => {
    for (let seed = first * ROUNDS; seed < (first + 1) * ROUNDS; seed++) {
      const { there, open, run, below } = world(seed);
      const names = Array.from({ length: 2 + below(3) }, (_, n) => `process ${n}`);
      const put = (name: string) => open().putIfAbsent("key", Buffer.from(name));
      const told = (await run(Promise.all(names.map(put))))!;
      expect(told.filter(Boolean), `order ${seed}`).toHaveLength(1);
      expect(await contentOf(there, "key")).toBe(names[told.indexOf(true)]);
      expect((await there.tags()).items).toEqual(["key"]);
    }
  },
);

test.each(seeds(FILE, process.env, 20))(
  "one that dies at any request is in nobody's way for long, and changes nothing any more (%s)",
  async (_replay, first) => {
    for (let seed = first * ROUNDS; seed < (first + 1) * ROUNDS; seed++) {
      const { there, open, run, below } = world(seed);
      const dies = open(below(14)).putIfAbsent("key", Buffer.from("dead"));
      const lives = open().putIfAbsent("key", Buffer.from("alive"));
      const told = await run(lives);
      expect(told, `order ${seed}`).not.toBeNull();
      // Whether it was stored or not, the one that lives knows.
      expect(await contentOf(there, "key")).toBe(told ? "alive" : "dead");
      await run(dies);
      expect(await contentOf(there, "key")).toBe(told ? "alive" : "dead");
      expect(await run(open().putIfAbsent("key", Buffer.from("later")))).toBe(false);
      expect(await run(open().putIfAbsent("next", Buffer.from("next")))).toBe(true);
      // What the dead one has left was removed.
      expect((await there.tags()).items).toEqual(["key", "next"]);
    }
  },
);
