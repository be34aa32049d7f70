import type { Bench } from "./bench.ts";
import type { Figure, Goal } from "./figure.ts";
import type { Pair, Peer } from "./peers.ts";
import { interleaved } from "./rounds.ts";

/** One figure that several measurements give at once: how it is named and taken from them. */
export interface Column<T> extends Pick<Figure, "what" | "unit" | "better"> {
  readonly value: (measured: T) => number;
  readonly goal?: Goal;
}

/** Both registries of a pair, or Entrepot alone where there is no docker-registry. */
export function peersOf(pair: Pair): Peer[] {
  return pair.dockerRegistry ? [pair.entrepot, pair.dockerRegistry] : [pair.entrepot];
}

/** Measures both registries in interleaved rounds; a figure for each of `columns`. */
export async function comparePair<T>(
  bench: Bench,
  what: string,
  pair: Pair,
  measure: (peer: Peer, round: number) => Promise<T>,
  columns: readonly Column<T>[],
): Promise<Figure[]> {
  const sides = peersOf(pair).map((peer) => ({
    name: peer.name,
    measure: (round: number) => measure(peer, round),
  }));
  const [ours = [], theirs] = await interleaved(bench, what, sides);
  return columns.map(({ value, goal = null, ...column }) => ({
    ...column,
    entrepot: ours.map(value),
    other: theirs ? { name: "docker-registry", samples: theirs.map(value) } : null,
    goal,
  }));
}
