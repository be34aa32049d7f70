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

/**
 * Seeds for `test.each`, each with the command that runs it alone, which so becomes part of the
 * test's name: three new ones each time, or `asked`, the value of SEED.
 */
export function seeds(file: string, asked?: string): [replay: string, seed: number][] {
  const chosen = asked ? [Number(asked)] : [0, 1, 2].map((n) => (Date.now() + n) % 1_000_000);
  return chosen.map((seed) => [`SEED=${seed} npx vitest run ${file}`, seed]);
}
