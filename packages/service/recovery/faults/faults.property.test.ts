import { seededRandom, seeds } from "@entrepot/catalog/testing";
import { RegistryError } from "@entrepot/oci";
import { expect, test } from "vitest";
import { type Act, type Acting, nextAct, someImages } from "./acts.ts";
import type { Arming, Fault } from "./machine.ts";
import { namesIn, unexpected } from "./model.ts";
import { allPull, allSound, faultWorld, namesOf } from "./world.ts";

/*
 * Everything that a registry does, cut off at any of its steps on the disk and on the line to the
 * database. A fault of the disk or the end of the process is the only excuse for a failure;
 * afterwards each name is as before or as after, what is named pulls, nothing is damaged, the
 * journal replays, and the act succeeds when it is done again.
 */

const ACTS = 10;
const FAULTS: readonly Fault[] = ["kill", "power", "ENOSPC", "EIO", "torn"];

const FILE = "packages/service/recovery/faults/faults.property.test.ts";

test.each(seeds(FILE, process.env, 40))(
  "whatever fails at whichever step, what was acknowledged is there: %s",
  async (_replay, seed) => {
    const random = seededRandom(seed);
    const world = await faultWorld(seed);
    const acting: Acting = {
      world,
      random,
      images: someImages(random),
      state: new Map(),
      moments: [],
      backedUp: null,
      restores: 0,
    };
    const done: string[] = [];
    try {
      for (let n = 0; n < ACTS; n++) {
        const act = nextAct(acting);
        const arming = armingFor(act, random);
        done.push(`${act.what}; ${arming.fault} at step ${arming.at}, ${arming.lasts} times`);
        await tryAct(acting, act, arming);
        acting.state = act.after;
        acting.moments.push({ seq: await world.node.catalog.head(), state: act.after });
      }
    } catch (error) {
      throw new Error(`in act ${done.length}:\n${done.join("\n")}`, { cause: error });
    } finally {
      world.machine.disarm();
      await world.close();
    }
  },
  240_000,
);

/** For how many steps the disk refuses: once, or until somebody looks after it. */
function armingFor(act: Act, random: () => number): Arming {
  const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
  return { fault, at: 1 + Math.floor(random() * act.steps), lasts: random() < 0.5 ? 1 : Infinity };
}

async function tryAct(acting: Acting, act: Act, arming: Arming): Promise<void> {
  const { world, state } = acting;
  const { machine } = world;
  machine.arm(arming);
  const failure = await act.run(world.node).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  machine.disarm();
  if (failure && !machine.hasStruck) throw failure.error;
  // Who is told of a disk is told what to do about it.
  if (failure && !machine.isDown) expect(failure.error).toBeInstanceOf(RegistryError);
  if (machine.isDown) await world.restart();

  await allHolds(acting, act, failure ? [state, act.after] : [act.after, act.after]);
  if (!failure) return;
  await act.run(world.node);
  await allHolds(acting, act, [act.after, act.after]);
}

async function allHolds(
  { world }: Acting,
  act: Act,
  [before, after]: [Act["after"], Act["after"]],
) {
  const { node } = world;
  const there = await namesOf(node);
  expect(unexpected(there, namesIn(before), namesIn(after))).toEqual([]);
  await allPull(node, before, there);
  await allPull(node, after, there);
  await allSound(node);
  await act.check?.();
}
