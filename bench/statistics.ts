/** The least, the middle and the greatest of some samples. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The spread of `samples`; null of none. */
export function spreadOf(samples: readonly number[]): Spread | null {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return null;
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle - 0.5)]! + sorted[Math.floor(middle)]!) / 2;
  return { min, median, max };
}

/**
 * The sample below or at which the `share` (0 to 1) of all lies, by nearest rank: of few samples
 * the 99th percentile is the greatest. NaN of none.
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.max(rank, 1) - 1] ?? Number.NaN;
}

/**
 * How many times better `ours[n]` is than `theirs[n]`, for each round `n` that both have. `better`
 * says whether more or less of the unit is better.
 */
export function ratiosOf(
  ours: readonly number[],
  theirs: readonly number[],
  better: "more" | "less",
): number[] {
  const rounds = Math.min(ours.length, theirs.length);
  return Array.from({ length: rounds }, (_, round) => {
    const [our, their] = [ours[round]!, theirs[round]!];
    return better === "more" ? our / their : their / our;
  });
}
