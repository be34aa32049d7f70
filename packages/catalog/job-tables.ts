import type { Generated } from "kysely";
import type { Json, JsonWithDefault, OptionalJson } from "./json-column.ts";

/** Runs of plans. */
export interface ExecutionTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  trigger: string;
  status: "Running" | "Success" | "Error" | "Stopped";
  status_text: Generated<string>;
  plan: OptionalJson<unknown>;
  actor: string;
  priority: Generated<number>;
  stop_requested: Generated<boolean>;
  start_time: Generated<Date>;
  end_time: Date | null;
}

/** Steps of executions. */
export interface TaskTable {
  id: Generated<number>;
  execution_id: number;
  kind: string;
  lane: string;
  payload: Json<Record<string, unknown>>;
  status: "Pending" | "Scheduled" | "Running" | "Success" | "Error" | "Stopped";
  status_text: Generated<string>;
  attempts: Generated<number>;
  progress: JsonWithDefault<Record<string, unknown>>;
  worker: string | null;
  line_id: number;
  ready: Generated<boolean>;
  not_before: Date | null;
  stop_requested: Generated<boolean>;
  lost: Generated<number>;
  log_bytes: Generated<number>;
  start_time: Generated<Date>;
  end_time: Date | null;
}

/** What tasks have said. */
export interface TaskLogTable {
  id: Generated<number>;
  task_id: number;
  at: Generated<Date>;
  level: string;
  text: string;
}

/** When a vendor's thing is due. */
export interface ScheduleTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  cron: string;
  time_zone: Generated<string>;
  next_at: Date;
  updated_at: Generated<Date>;
}

/** Tasks that are alike to whoever claims them. */
export interface JobLineTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  priority: number;
  groups: string[];
  served_at: Generated<Date>;
}

/** How many tasks of a group may run at a time, over all nodes. */
export interface JobLimitTable {
  name: string;
  most: number;
}

/** Vendors whose tasks are not claimed. */
export interface JobPauseTable {
  job_type: string;
  paused_at: Generated<Date>;
}

/** Processes that run tasks. */
export interface WorkerPoolTable {
  id: string;
  host: string;
  pid: number;
  concurrency: number;
  draining: Generated<boolean>;
  start_at: Generated<Date>;
  heartbeat_at: Generated<Date>;
}
