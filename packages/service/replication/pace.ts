/** How soon what failed is tried again, and how often what is behind is looked after. In ms. */
export interface Pace {
  /** After a task's first failure; doubled after each further one. */
  readonly retryMs: number;
  /** After a task failed for good, or was lost, until its name is taken up again. */
  readonly catchUpMs: number;
  /** From one look after what is behind to the next. */
  readonly reconcileMs: number;
}

/** What suits real networks. */
export const DEFAULT_PACE: Pace = { retryMs: 500, catchUpMs: 60_000, reconcileMs: 5_000 };
