import { firstSeed, seededRandom } from "../../packages/catalog/seeds.ts";

/** The choices of a test that depend on chance, all from one seed. */
export interface Chance {
  readonly seed: number;
  /** From 0 to 1. */
  random(): number;
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number;
  /** One of `items`. */
  oneOf<T>(items: readonly T[]): T;
  /** `size` bytes. */
  bytes(size: number): Buffer;
}

/** The seed of this run: ENTREPOT_TEST_SEED, else see `firstSeed`. */
export const SEED = Number(process.env["ENTREPOT_TEST_SEED"] ?? firstSeed(process.env));

/** How to run `file` again with the same choices; belongs into a test's title. */
export const replay = (file: string) => `ENTREPOT_TEST_SEED=${SEED} npx vitest run ${file}`;

/** The choices that follow from `seed`. */
export function chanceOf(seed: number = SEED): Chance {
  const random = seededRandom(seed);
  const between = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
  return {
    seed,
    random,
    between,
    oneOf: (items) => items[between(0, items.length - 1)]!,
    bytes: (size) => Buffer.from(Array.from({ length: size }, () => between(0, 255))),
  };
}
