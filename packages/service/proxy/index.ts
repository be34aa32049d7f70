export { type Downloads, openDownloads } from "./downloads.ts";
export { openPullThrough, type PullThrough, type PullThroughOptions } from "./pull-through.ts";
export type { Upstream } from "./ports.ts";
