import type { ExecutionStatus, TaskStatus } from "./ports.ts";

/**
 * What a task's status may become. Tasks begin as Pending. Running goes back to Pending when its
 * node stops or dies, and to Scheduled to be tried again; Error and Stopped when somebody retries
 * what failed. Triggers in the database hold everybody to it, whatever a statement says.
 */
export const TASK_TRANSITIONS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  Pending: ["Running", "Stopped"],
  Scheduled: ["Pending", "Stopped"],
  Running: ["Pending", "Scheduled", "Success", "Error", "Stopped"],
  Success: [],
  Error: ["Pending"],
  Stopped: ["Pending"],
};

/** What an execution's status may become. One without tasks begins, and ends, as Success. */
export const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> =
  {
    Running: ["Success", "Error", "Stopped"],
    Success: [],
    Error: ["Running"],
    Stopped: ["Running"],
  };
