export { type Downloads, openDownloads } from "./downloads.ts";
export { openPullThrough, type PullThrough, type PullThroughOptions } from "./pull-through.ts";
export type { Arriving, Upstream, Wanted } from "./ports.ts";
