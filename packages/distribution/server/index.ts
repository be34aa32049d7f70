export { nodeBody } from "./body.ts";
export { nodeSend } from "./node-send.ts";
export type { Limits } from "./call.ts";
export type { Failure } from "./failure.ts";
export { distributionServer } from "./server.ts";
export type { DistributionOptions, DistributionServer, Shortcut } from "./server.ts";
