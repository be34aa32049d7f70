/** `numbers`, which go up, in a short text: `3-5,9`. */
export function numbersText(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** Those of the numbers in `text` that are beyond `after`; null if it is no such text. */
export function numbersIn(text: string, after: number): number[] | null {
  if (!/^\d{1,15}(?:-\d{1,15})?(?:,\d{1,15}(?:-\d{1,15})?)*$/.test(text)) return null;
  const found: number[] = [];
  for (const run of text.split(",")) {
    const [from, to = from] = run.split("-").map(Number) as [number, number?];
    // Nothing that is made up takes up memory.
    if (to - from + found.length >= MOST) return null;
    for (let n = Math.max(from, after + 1); n <= to; n++) found.push(n);
  }
  return found;
}

/** How many records one purge of some types names at most. */
export const MOST = 1_000;
