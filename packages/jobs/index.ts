export type * from "./ports.ts";
export type { JobsLog } from "./jobs-log.ts";
export { nextOccurrence } from "./cron.ts";
export { openJobs, type JobsOptions } from "./open-jobs.ts";
export { settled } from "./settled.ts";
