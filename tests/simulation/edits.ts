import { setTimeout as pause } from "node:timers/promises";
import type { Policy } from "@entrepot/replication";
import { chanceOf } from "./seed.ts";
import { reachedFrom } from "./topologies.ts";
import type { World } from "./world.ts";

const ACTOR = { name: "somebody", cause: "an edit" };
/** What a narrowed policy still takes. */
const NARROW: Pick<Policy, "filters"> = { filters: [{ type: "tag", value: "*-t1" }] };
const AS_BEFORE = { enabled: true, filters: [] };

/** Changes of policies while they work. */
export interface Edits {
  /** Disables or narrows `count` policies for a while each. */
  make(count: number): Promise<void>;
  /** Sets back what a crash has left; runs what was narrowed and has missed the rest. */
  end(): Promise<void>;
}

/** The edits of `world`, whose registries that have policies are `nodes`. */
export function editsOf(world: World, nodes: readonly string[]): Edits {
  const chance = chanceOf(world.seed + 7);
  const narrowed = new Set<string>();
  const update = async (name: string, policy: Policy, change: Partial<Policy>) => {
    const { policies } = world.nodes.get(name)!.server().replication;
    await policies.update(policy.id, { ...policy, ...change }, ACTOR);
  };

  async function makeOne(): Promise<void> {
    const name = chance.oneOf(nodes);
    const dice = chance.random();
    const isNarrowing = chance.random() < 0.5 && isTree(world);
    const whole = world.nodes.get(name)!;
    const policy = await whole.whileAlive(async ({ replication }) => {
      const all = await replication.policies.list();
      return all[Math.floor(dice * all.length)] ?? null;
    });
    if (!policy) return;
    if (isNarrowing) narrowed.add(`${name} ${policy.id}`);
    const narrow = isNarrowing ? NARROW : { enabled: false };
    await whole.whileAlive(() => update(name, policy, narrow));
    await pause(chance.between(0, 400));
    await whole.whileAlive(() => update(name, policy, AS_BEFORE));
  }

  return {
    async make(count) {
      for (let n = 0; n < count; n++) {
        await pause(chance.between(0, 300));
        await makeOne();
      }
    },

    async end() {
      for (const name of nodes) {
        const { replication } = world.nodes.get(name)!.server();
        for (const policy of await replication.policies.list()) {
          await update(name, policy, AS_BEFORE);
          if (!narrowed.has(`${name} ${policy.id}`)) continue;
          await replication.run(policy.id, "scheduled", ACTOR);
        }
      }
    },
  };
}

/**
 * Whether changes come to each registry one way only. Where several ways lead to one, a narrowed
 * policy may be the one that should have told of a deletion, of what it never brought itself.
 */
function isTree({ topology, names }: World): boolean {
  const isCircle = topology.some(([from, to]) => reachedFrom(topology, to).has(from));
  const isJunction = names.some((name) => topology.filter(([, to]) => to === name).length > 1);
  return !isCircle && !isJunction;
}
