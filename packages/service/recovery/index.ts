export { asOf, type AsOfOptions, pastIsReadOnly } from "./history/as-of.ts";
export {
  countDifferences,
  diffMoments,
  type DifferenceCounts,
  type DiffQuery,
  type MomentDifference,
} from "./history/diff-moments.ts";
export { heldMoment, HISTORY_BEGINS, historyBegins } from "./history/held-moment.ts";
export { type Happening, history, type HistoryQuery } from "./history/history.ts";
export { lastDeletionOf, type NameAt, namesAt } from "./history/names-at.ts";
export { parseMoment, parseMomentComponent } from "./history/parse-moment.ts";
export { rangeOf, type Scope } from "./history/scope.ts";
export { type Moment, momentOf, type MomentQuery } from "./moment.ts";
