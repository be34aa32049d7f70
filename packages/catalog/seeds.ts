/** Numbers from 0 to 1 that are the same for the same seed. Source: the mulberry32 generator. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What of the environment chooses seeds. */
interface SeedChoice {
  /** One seed, to replay it. */
  readonly SEED?: string;
  /** The long mode looks for seeds that nobody has seen. */
  readonly ENTREPOT_TEST_LONG?: string;
}

/**
 * Where seeds begin: always at the same one, so that a change is judged by what it changes; in the
 * long mode somewhere new each time.
 */
export function firstSeed({ ENTREPOT_TEST_LONG }: SeedChoice): number {
  return ENTREPOT_TEST_LONG ? Date.now() % 1_000_000 : 1_000;
}

/**
 * Seeds for `test.each`, each with the command that runs it alone, which so becomes part of the
 * test's name: three from `firstSeed` on (`inLong` in the long mode), or the one that is asked for.
 */
export function seeds(
  file: string,
  choice: SeedChoice,
  inLong = 3,
): [replay: string, seed: number][] {
  const first = firstSeed(choice);
  const count = choice.ENTREPOT_TEST_LONG ? inLong : 3;
  const chosen = choice.SEED
    ? [Number(choice.SEED)]
    : Array.from({ length: count }, (_, n) => first + n);
  return chosen.map((seed) => [`SEED=${seed} npx vitest run ${file}`, seed]);
}
