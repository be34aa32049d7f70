import { describe, expect, test } from "vitest";
import { live } from "./live.ts";
import { SEED } from "./seed.ts";
import type { Edge } from "./world.ts";

const FILE = "tests/simulation/worlds.test.ts";
const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const isReplay = process.env["ENTREPOT_TEST_SEED"] !== undefined;
const ROUNDS = isReplay ? 1 : isLong ? 30 : 1;

const chain: Edge[] = [
  ["a", "b"],
  ["b", "c"],
];
const TOPOLOGIES = [
  { about: "a pair, one way", nodes: ["a", "b"], topology: [["a", "b"]], writers: ["a"] },
  {
    about: "a pair, both ways",
    nodes: ["a", "b"],
    topology: [
      ["a", "b"],
      ["b", "a"],
    ],
    writers: ["a", "b"],
  },
  { about: "a chain", nodes: ["a", "b", "c"], topology: chain, writers: ["a", "b"] },
  {
    about: "a ring",
    nodes: ["a", "b", "c"],
    topology: [...chain, ["c", "a"]],
    writers: ["a", "b", "c"],
  },
  {
    about: "one to three plain registries",
    nodes: ["a"],
    plain: ["x", "y", "z"],
    topology: [
      ["a", "x"],
      ["a", "y"],
      ["a", "z"],
    ],
    writers: ["a"],
  },
] satisfies { topology: Edge[]; [more: string]: unknown }[];

/*
 * A seed decides what clients do, which requests go wrong and how, and who dies when. In between
 * there is a real database, so a replay is the same story, but not always the same interleaving:
 * when it passes, repeat it.
 */
describe.each(TOPOLOGIES)("$about", (topology) => {
  const seeds = Array.from({ length: ROUNDS }, (_, n) => SEED + n * 10);
  test.each(seeds)(
    `comes to rest with every tag everywhere: ENTREPOT_TEST_SEED=%i npx vitest run ${FILE}`,
    { timeout: 90_000 },
    async (seed) => {
      const faults = await live({ ...topology, seed, changes: 30, crashes: 2, partitions: 3 });
      expect(faults).toEqual([]);
    },
  );
});
