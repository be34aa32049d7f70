import { api, routes } from "../api.ts";
import type { LogSource } from "./use-log.ts";

/** The log of a task by its id alone, for those who may see the job service. */
export function jobLog(taskId: number): LogSource {
  const params = { job_id: taskId };
  return {
    name: `job-${taskId}`,
    follow: (after, signal) =>
      api.events(routes.jobservice.log, { params, query: { after, follow: true }, signal }),
    text: (after) => api.jobservice.log({ params, query: { after } }),
  };
}

/** The log of a task of a run of a replication policy. */
export function replicationLog(executionId: number, taskId: number): LogSource {
  const params = { id: executionId, task_id: taskId };
  return {
    name: `replication-${executionId}-${taskId}`,
    follow: (after, signal) =>
      api.events(routes.executions.taskLog, {
        params,
        query: { after, follow: true },
        signal,
      }),
    text: (after) => api.executions.taskLog({ params, query: { after } }),
  };
}
