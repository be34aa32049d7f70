import { describe, expect, test } from "vitest";
import { liveModel } from "./live-model.ts";
import { SEED } from "./seed.ts";
import { TOPOLOGIES } from "./topologies.ts";

const FILE = "tests/simulation/model.test.ts";
const isReplay = process.env["ENTREPOT_TEST_SEED"] !== undefined;
const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const SEEDS = isReplay ? 1 : isLong ? 20_000 : 1_000;

describe.each(TOPOLOGIES)("$about", (topology) => {
  test(
    `${SEEDS} lives from seed ${SEED} on come to rest, everywhere the same`,
    { timeout: 300_000 },
    () => {
      for (let seed = SEED; seed < SEED + SEEDS; seed++) {
        const again = `ENTREPOT_TEST_SEED=${seed} npx vitest run ${FILE} -t '${topology.about}'`;
        let faults: string[];
        try {
          faults = liveModel(topology, seed);
        } catch (error) {
          faults = [String(error)];
        }
        if (faults.length > 0) expect.fail(`${again}\n${faults.join("\n")}`);
      }
    },
  );
});
