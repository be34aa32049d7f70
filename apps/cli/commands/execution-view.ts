import type { Execution, Task } from "@entrepot/api";
import { formatSeconds } from "../format.ts";
import type { View } from "../output.ts";
import { exchangeOf } from "./failure-view.ts";

/** How runs of policies are shown. */
export const executionView: View<Execution> = {
  name: (execution) => String(execution.id),
  columns: ({ time }) => [
    { title: "ID", value: (execution) => String(execution.id), align: "right" },
    { title: "POLICY", value: (execution) => String(execution.policy_id), align: "right" },
    { title: "STATUS", value: (execution) => execution.status },
    { title: "TRIGGER", value: (execution) => execution.trigger },
    { title: "TASKS", value: (execution) => String(execution.total), align: "right" },
    { title: "DONE", value: (execution) => String(execution.succeed), align: "right" },
    { title: "FAILED", value: (execution) => String(execution.failed), align: "right" },
    { title: "STARTED", value: (execution) => time(execution.start_time) },
    { title: "TOOK", value: tookOf, align: "right" },
  ],
  details: (execution, { time }) => [
    ["ENDED", time(execution.end_time)],
    ["WAITING OR RUNNING", String(execution.in_progress)],
    ["STOPPED", String(execution.stopped)],
    ["DELETIONS TO CONFIRM", String(execution.deletions_to_confirm ?? "")],
    ["REASON", execution.status_text],
  ],
};

/** How tasks are shown. */
export const taskView: View<Task> = {
  name: (task) => String(task.id),
  columns: ({ bytes }) => [
    { title: "ID", value: (task) => String(task.id), align: "right" },
    { title: "STATUS", value: (task) => task.status },
    { title: "OPERATION", value: (task) => task.operation },
    { title: "SOURCE", value: (task) => task.src_resource },
    { title: "TARGET", value: (task) => task.dst_resource },
    { title: "TRIES", value: (task) => String(task.attempts), align: "right" },
    { title: "STAGE", value: stageOf },
    { title: "SENT", value: (task) => bytes(task.bytes_sent), align: "right" },
    { title: "FOUND", value: (task) => bytes(task.bytes_skipped), align: "right" },
    { title: "MOUNTED", value: (task) => bytes(task.bytes_mounted), align: "right" },
    { title: "RATE", value: (task) => rateOf(task, bytes), align: "right" },
    { title: "LEFT", value: leftOf, align: "right" },
    { title: "TOOK", value: tookOf, align: "right" },
    { title: "FAILURE", value: failureOf },
  ],
  details: (task) => [
    ["REASON", task.status_text],
    ["REMEDY", remedyOf(task)],
    ["EXCHANGE", failureOf(task) && exchangeOf(task.failure)],
  ],
  below: (task) => [task.status_text, remedyOf(task)].filter((line) => line !== ""),
};

function remedyOf(task: Task): string {
  return (failureOf(task) && task.failure?.remedy) || "";
}

/** Of which kind the last failure was; of a task that went well in the end it is of no interest. */
function failureOf({ status, failure }: Task): string {
  return status === "Succeed" ? "" : (failure?.kind ?? "");
}

/** `copy blobs 3/7`; nothing once it has ended. */
function stageOf({ status, stage, blobs_done: done, blobs_total: total }: Task): string {
  if (status !== "InProgress") return "";
  return stage === "copy blobs" ? `${stage} ${done}/${total}` : stage;
}

/** Of one that runs: how long one that has ended took, and what it sent, stand beside it. */
function rateOf(task: Task, bytes: (count: number) => string): string {
  const { bytes_per_second: rate, end_time: ended } = task;
  return ended === undefined && rate > 0 ? `${bytes(rate)}/s` : "";
}

function leftOf({ seconds_left: left }: Task): string {
  return left === undefined ? "" : formatSeconds(left);
}

function tookOf({ start_time, end_time }: Pick<Execution, "start_time" | "end_time">): string {
  if (end_time === undefined) return "";
  return formatSeconds(Math.max(0, Date.parse(end_time) - Date.parse(start_time)) / 1000);
}
