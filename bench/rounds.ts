import type { Bench } from "./bench.ts";
import { runProgram } from "./run-program.ts";

/** One of the sides that are compared: its name, and one measurement of it. */
export interface Side<T> {
  readonly name: string;
  readonly measure: (round: number) => Promise<T>;
}

/**
 * Measures every side once a round, in turn; every other round starts from the other end. Before
 * each the disk is left to settle (`sync`), so that none pays for what another has written. Returns
 * the measurements of each side, in the order of `sides`.
 */
export async function interleaved<T>(
  bench: Bench,
  what: string,
  sides: readonly Side<T>[],
): Promise<T[][]> {
  const measured: T[][] = sides.map(() => []);
  for (let round = 0; round < bench.rounds; round++) {
    const order = sides.map((side, place) => ({ side, place }));
    for (const { side, place } of round % 2 === 0 ? order : order.toReversed()) {
      await runProgram(bench.cleanup, "sync", []);
      bench.say(`${what}: ${side.name}, round ${round + 1} of ${bench.rounds}`);
      measured[place]!.push(await side.measure(round));
    }
  }
  return measured;
}
