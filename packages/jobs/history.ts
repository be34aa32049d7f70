import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import type { Execution, Jobs, LogLine, Task } from "./ports.ts";
import { type ExecutionRow, executionOf, taskOf, type TaskRow } from "./rows.ts";

const MAX_PAGE_SIZE = 100;
const MAX_LOG_LINES = 10_000;

/** The part of `Jobs` that reads executions, tasks and logs. */
export type History = Pick<Jobs, "execution" | "executions" | "task" | "tasks" | "taskLog">;

/** A `History` of `db`. Pages are numbered from 1, newest first; at most 100 items. */
export function openHistory(db: Kysely<Database>): History {
  return {
    execution: async (id) => (await readExecutions(db, sql`id = ${id}`, sql``))[0] ?? null,
    executions: async ({ vendor, vendorId, vendorIds, status, trigger, page, pageSize }) => {
      const where = sql`vendor = ${vendor}
        AND (${vendorId ?? null}::integer IS NULL OR vendor_id = ${vendorId ?? null})
        AND (${vendorIds ?? null}::integer[] IS NULL OR vendor_id = ANY(${vendorIds ?? null}))
        AND (${status ?? null}::text IS NULL OR status = ${status ?? null})
        AND (${trigger ?? null}::text IS NULL OR trigger = ${trigger ?? null})`;
      const items = await readExecutions(db, where, paging(page, pageSize));
      return { items, total: await count(db, sql`FROM execution WHERE ${where}`) };
    },
    task: async (id) => (await readTasks(db, sql`id = ${id}`, sql``))[0] ?? null,
    tasks: async ({ executionId, status, page, pageSize }) => {
      const where = sql`execution_id = ${executionId}
        AND (${status ?? null}::text IS NULL OR status = ${status ?? null})`;
      const items = await readTasks(db, where, paging(page, pageSize));
      return { items, total: await count(db, sql`FROM task WHERE ${where}`) };
    },
    taskLog: async (taskId, after = 0, limit = 1_000) => {
      const { rows } = await sql<LogLine>`
        SELECT id, at, level, text FROM task_log WHERE task_id = ${taskId} AND id > ${after}
        ORDER BY id LIMIT ${Math.min(limit, MAX_LOG_LINES)}
      `.execute(db);
      return rows.map((row) => ({ ...row, id: Number(row.id) }));
    },
  };
}

type Fragment = ReturnType<typeof sql>;

function paging(page: number, pageSize: number): Fragment {
  const size = Math.min(Math.max(1, pageSize), MAX_PAGE_SIZE);
  return sql`ORDER BY id DESC LIMIT ${size} OFFSET ${(Math.max(1, page) - 1) * size}`;
}

async function readExecutions(
  db: Kysely<Database>,
  where: Fragment,
  page: Fragment,
): Promise<Execution[]> {
  const { rows } = await sql<ExecutionRow>`
    SELECT execution.*, (
      SELECT jsonb_object_agg(status, tasks) FROM (
        SELECT status, count(*) AS tasks FROM task WHERE execution_id = execution.id GROUP BY status
      ) AS counted
    ) AS counts
    FROM execution WHERE ${where} ${page}
  `.execute(db);
  return rows.map(executionOf);
}

async function readTasks(db: Kysely<Database>, where: Fragment, page: Fragment): Promise<Task[]> {
  const { rows } = await sql<TaskRow>`SELECT * FROM task WHERE ${where} ${page}`.execute(db);
  return rows.map(taskOf);
}

async function count(db: Kysely<Database>, from: Fragment): Promise<number> {
  const { rows } = await sql<{ total: number }>`SELECT count(*) AS total ${from}`.execute(db);
  return Number(rows[0]?.total);
}
