export { AS_OF, asOfName, type AsOfName, isAsOfName } from "./as-of-name.ts";
export { bytesOf, collect, releasing, verified } from "./bytes.ts";
export { copyContent } from "./copy-blob.ts";
export { copyGraph, copyTag } from "./copy-graph.ts";
export { REFERRER_LIMIT } from "./copy-referrers.ts";
export type {
  CopyOptions,
  CopyResult,
  CopySource,
  CopyStage,
  CopyTarget,
  Once,
  Transfers,
} from "./copy.ts";
export { eachOf } from "./each-of.ts";
export { frozenWhile } from "./frozen.ts";
export { has } from "./has.ts";
export { memoryRegistry } from "./memory.ts";
export { bytesOrCancelled, orCancelled } from "./or-cancelled.ts";
export { listOf, PAGE_SIZE, pageOf, pages } from "./page.ts";
export type {
  BlobUploads,
  ByteRange,
  Page,
  PageQuery,
  Registry,
  Repository,
  Upload,
} from "./ports.ts";
export { entriesFor, rewriteIndex, type TakesPlatform, withPlatforms } from "./platforms.ts";
export { GRAPH_LIMIT_BYTES, NESTING_LIMIT } from "./read-graph.ts";
export { seenBlobs, type SeenBlobs } from "./seen-blobs.ts";
export { sharedTransfers } from "./shared-transfers.ts";
export { slowed, type Throttle } from "./slowed.ts";
