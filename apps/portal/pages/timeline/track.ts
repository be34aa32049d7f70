/** The span of time that is shown, in ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where `time` is in `span`, 0 to 1. */
export function placeOf(time: number, { from, to }: Span): number {
  return Math.min(1, Math.max(0, (time - from) / Math.max(1, to - from)));
}

/** The time, a whole ms, at `place` in `span`; places beyond it are its ends. */
export function timeAt(place: number, { from, to }: Span): number {
  return Math.round(from + Math.min(1, Math.max(0, place)) * (to - from));
}

/** The bars that a long and a short step are wide. */
const FAR = 10;

/**
 * Where `key` moves the slider from `time`, with `bars` bars in `span`; null if it is not the
 * slider's. Source: WAI-ARIA Authoring Practices, Slider.
 */
export function moved(key: string, time: number, span: Span, bars: number): number | null {
  const step = (span.to - span.from) / bars;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -FAR,
    PageUp: FAR,
    Home: -Infinity,
    End: Infinity,
  };
  const by = steps[key];
  if (by === undefined) return null;
  if (!Number.isFinite(by)) return by < 0 ? span.from : span.to;
  return Math.round(Math.min(span.to, Math.max(span.from, time + by * step)));
}

/** How high a bar of `changes` is, 0 to 1, where the highest has `most`; small ones are seen. */
export function heightOf(changes: number, most: number): number {
  return changes === 0 ? 0 : Math.max(0.06, Math.sqrt(changes / Math.max(1, most)));
}

/** Spans to choose from, in ms; `all` is everything that is kept. */
export const SPANS = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
} as const;

/** The name of a span in the address. */
export type SpanName = keyof typeof SPANS | "all";
