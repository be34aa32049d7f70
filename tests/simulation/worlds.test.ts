import { describe, expect, test } from "vitest";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { untilAtRest } from "./at-rest.ts";
import { live } from "./live.ts";
import { SEED } from "./seed.ts";
import { TOPOLOGIES, type Topology } from "./topologies.ts";
import { type Edge, makeWorld } from "./world.ts";

const FILE = "tests/simulation/worlds.test.ts";
const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
/** In the long mode a thousand lives in all. */
const ROUNDS = Number(process.env["ENTREPOT_TEST_ROUNDS"] ?? (isLong ? 112 : 1));
const isReplay = process.env["ENTREPOT_TEST_SEED"] !== undefined;

const SHAPES: readonly (Topology & { plain?: readonly string[] })[] = [
  ...TOPOLOGIES,
  {
    about: "one to three plain registries",
    nodes: ["a"],
    plain: ["x", "y", "z"],
    topology: ["x", "y", "z"].map((to): Edge => ["a", to]),
    writers: ["a"],
  },
];

/*
 * A seed decides what clients do, which requests go wrong and how, and who dies when. In between
 * there is a real database, so a replay is the same story, but not always the same interleaving:
 * when it passes, repeat it.
 */
const seeds = Array.from({ length: isReplay ? 1 : ROUNDS }, (_, n) => SEED + n * 10);

describe.each(seeds)("seed %i", (seed) => {
  // A long life takes its time.
  const timeout = isLong ? 300_000 : 90_000;
  test.each(SHAPES)(
    "$about: comes to rest with every tag everywhere",
    { timeout },
    async (shape) => {
      const life = { changes: isLong ? 60 : 25, crashes: 2, partitions: 3, runs: 4, edits: 3 };
      const faults = await live({ ...shape, ...life, seed }).catch((error: Error) => [
        error.stack ?? error.message,
      ]);
      const mode = isLong ? "ENTREPOT_TEST_LONG=1 " : "";
      const again = `${mode}ENTREPOT_TEST_SEED=${seed} npx vitest run ${FILE} -t '${shape.about}'`;
      if (faults.length > 0) expect.fail(`${again}\n${faults.join("\n")}`);
    },
  );
});

test("a run brings no older tag back to where it has been moved on", async () => {
  const topology: Edge[] = [
    ["a", "b"],
    ["b", "a"],
  ];
  const world = await makeWorld({ seed: 1, nodes: ["a", "b"], topology });
  try {
    const actor = { name: "client", cause: "test" };
    const at = (name: string) =>
      world.nodes.get(name)!.server().content.as(actor).repository("library/app");
    await pushSample(at("a"), sampleImage(), ["v1"]);
    await untilAtRest(world);
    world.cut("a", "b");
    const newer = await pushSample(at("a"), sampleImage(), ["v1"]);
    const { jobs, replication } = world.nodes.get("b")!.server();
    const [policy] = await replication.policies.list();
    const execution = await replication.run(policy!.id, "manual", actor);
    await expect
      .poll(async () => (await jobs.execution(execution))?.status, { timeout: 10_000 })
      .toBe("Success");
    world.mend("a", "b");
    await untilAtRest(world);
    for (const name of ["a", "b"]) expect((await at(name).resolve("v1"))?.digest).toBe(newer);
  } finally {
    await world.close();
  }
});
