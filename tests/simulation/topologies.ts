import type { Edge } from "./world.ts";

/** Who replicates to whom, and who has clients that write. */
export interface Topology {
  readonly about: string;
  readonly nodes: readonly string[];
  readonly topology: readonly Edge[];
  readonly writers: readonly string[];
}

const both = (edges: readonly Edge[]): Edge[] =>
  edges.flatMap(
    ([a, b]) =>
      [
        [a, b],
        [b, a],
      ] as Edge[],
  );

/** The shapes in which people connect registries. */
export const TOPOLOGIES: readonly Topology[] = [
  shape("one to many", ["a>b", "a>c", "a>d"], "a"),
  shape("many to one", ["b>a", "c>a", "d>a"], "bcd"),
  shape("two masters", ["a=b"], "ab"),
  shape("a chain", ["a>b", "b>c", "c>d"], "abc"),
  shape("a tree", ["a>b", "a>c", "b>d", "b>e"], "ab"),
  shape("a ring", ["a>b", "b>c", "c>a"], "abc"),
  shape("a full mesh", ["a=b", "b=c", "a=c"], "abc"),
  shape("hub and spokes", ["a=b", "a=c", "a=d"], "abcd"),
];

/** `a>b`: a replicates to b; `a=b`: each to the other. */
function shape(about: string, arrows: readonly string[], writers: string): Topology {
  const topology = arrows.flatMap((arrow): Edge[] => {
    const edge: Edge = [arrow[0]!, arrow[2]!];
    return arrow[1] === "=" ? both([edge]) : [edge];
  });
  const nodes = [...new Set(topology.flat())].toSorted();
  return { about, nodes, topology, writers: [...writers] };
}

/** Who comes to hear of what `from` does, itself included. */
export function reachedFrom(topology: readonly Edge[], from: string): Set<string> {
  const reached = new Set([from]);
  for (const name of reached) {
    for (const [source, target] of topology) if (source === name) reached.add(target);
  }
  return reached;
}
