/** What storage took up at the end of a day, in bytes. */
export interface Sample {
  /** As `2026-11-22`. */
  readonly day: string;
  readonly bytes: number;
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024];

/** `samples` up to now: those that are stored are a day's end. */
export function withNow(samples: readonly Sample[], bytes: number, now = new Date()): Sample[] {
  const day = now.toISOString().slice(0, 10);
  return [...samples.filter((sample) => sample.day < day), { day, bytes }];
}

/** The round size, in bytes, that an axis for `most` bytes ends at: 1, 2, 5, 10 … of a unit. */
export function roundSize(most: number): number {
  let unit = 1;
  while (most > 1024 * unit) unit *= 1024;
  return unit * STEPS.find((step) => step * unit >= most)!;
}

/** Where each of two samples or more is, in 100 by 100: days to the right, `top` bytes at 0. */
export function pointsOf(samples: readonly Sample[], top: number): (readonly [number, number])[] {
  const days = samples.map(({ day }) => Date.parse(day));
  const [first, last] = [days[0]!, days.at(-1)!];
  return samples.map(({ bytes }, n) => [
    ((days[n]! - first) / (last - first)) * 100,
    100 - (bytes / top) * 100,
  ]);
}
