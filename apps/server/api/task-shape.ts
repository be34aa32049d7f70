import type { Task as ShownTask } from "@entrepot/api";
import type { Task, TaskStatus } from "@entrepot/jobs";
import {
  type CopyProgress,
  MOVE,
  PROMOTE,
  type Promotion,
  REPLICATE,
  type ReplicatePayload,
  STAGE,
  type StagePayload,
} from "@entrepot/replication";

/** Harbor's words for how a task stands. */
export const TASK_STATUS: Readonly<Record<TaskStatus, ShownTask["status"]>> = {
  Running: "InProgress",
  Success: "Succeed",
  Error: "Failed",
  Stopped: "Stopped",
  Pending: "Pending",
  Scheduled: "Scheduled",
};

/** A task as Harbor shows it, and how far it is. */
export function shownTask(task: Task): ShownTask {
  return {
    id: task.id,
    execution_id: task.executionId,
    status: TASK_STATUS[task.status],
    status_text: task.statusText,
    job_id: String(task.id),
    ...resourcesOf(task),
    attempts: task.attempts,
    ...progressOf(task),
    start_time: task.startTime.toISOString(),
    ...(task.endTime && { end_time: task.endTime.toISOString() }),
  };
}

function progressOf({ progress, status }: Task) {
  const { bytesSent = 0, bytesTotal, stage = "", ...rest } = progress as Partial<CopyProgress>;
  const perSecond = rest.bytesPerSecond ?? 0;
  const left = bytesTotal === undefined ? null : Math.max(0, bytesTotal - bytesSent);
  const { failure } = progress as { failure?: ShownTask["failure"] };
  const isUnderWay = status === "Running" && left !== null && perSecond > 0;
  return {
    bytes_sent: bytesSent,
    ...(bytesTotal !== undefined && { bytes_total: bytesTotal }),
    stage,
    bytes_skipped: rest.bytesSkipped ?? 0,
    bytes_mounted: rest.bytesMounted ?? 0,
    blobs_done: rest.blobsDone ?? 0,
    blobs_total: rest.blobsTotal ?? 0,
    bytes_per_second: perSecond,
    ...(failure && { failure }),
    ...(isUnderWay && { seconds_left: Math.ceil(left / perSecond) }),
  };
}

function resourcesOf(task: Task) {
  if (task.kind === STAGE) {
    const { repository, target, digest } = task.payload as StagePayload;
    return resources("copy", repository, target, digest);
  }
  if (task.kind === PROMOTE) {
    const { repository, digest, target, tags } = task.payload as unknown as Promotion;
    const called = resources("copy", repository, target, digest);
    return tags.length === 0 ? called : { ...called, dst_resource: `${target}:${tags.join(",")}` };
  }
  if (task.kind !== REPLICATE) {
    const operation = task.kind === MOVE ? ("move" as const) : ("plan" as const);
    return { operation, resource_type: "policy", src_resource: "", dst_resource: "" };
  }
  const { operation, repository, reference, target } = task.payload as ReplicatePayload;
  const deletion = reference.includes(":") ? "deletion" : "tag deletion";
  return resources(operation === "copy" ? "copy" : deletion, repository, target, reference);
}

function resources(
  operation: ShownTask["operation"],
  repository: string,
  target: string,
  reference: string,
) {
  const separator = reference.includes(":") ? "@" : ":";
  return {
    operation,
    resource_type: "image",
    src_resource: `${repository}${separator}${reference}`,
    dst_resource: `${target}${separator}${reference}`,
  };
}
