/** The job service's LISTEN/NOTIFY channels. Nothing is kept; each has a poll as its safety net. */
export const CHANNELS = {
  /** Something can be fetched; names the worker that looks for it anyway, if one does. */
  wake: "entrepot_jobs",
  /** `task:<id>` or `execution:<id>` shall stop. */
  cancel: "entrepot_jobs_cancel",
  /** The execution with this id has ended. */
  settled: "entrepot_executions",
  /** Schedules have changed. */
  schedules: "entrepot_schedules",
} as const;
