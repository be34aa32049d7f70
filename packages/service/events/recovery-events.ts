import type { OnStatus } from "@entrepot/jobs";
import { sql } from "kysely";
import type { EventType } from "./hook-event.ts";
import { listenersTo, tell, type TellContext } from "./tell.ts";

/** What is told of an execution of each vendor that failed. */
const FAILED: Readonly<Record<string, EventType>> = {
  BACKUP: "BACKUP_FAILED",
  DRILL: "DRILL_FAILED",
};

/** Tells the system's webhooks of backups and trial restores that failed, as they end. */
export function onRecoveryFailed(context: TellContext): OnStatus {
  return async (change, db) => {
    const type = FAILED[change.vendor];
    if (type === undefined || change.status !== "Error") return;
    const all = await listenersTo(db, [type]);
    const listeners = all.filter(({ projectId }) => projectId === null);
    if (listeners.length === 0) return;
    const { rows } = await sql<{ target: string | null; plan: unknown; why: string; kind: string }>`
      SELECT e.plan ->> 'target' AS target, task.status_text AS why, task.kind
      FROM execution e JOIN task ON task.execution_id = e.id
      WHERE e.id = ${change.id} ORDER BY task.id DESC LIMIT 1`.execute(db);
    const [end] = rows;
    const at = new Date();
    const event = {
      id: `execution:${change.id}:${at.getTime()}`,
      type,
      at,
      operator: change.actor,
      project: null,
      about: {
        recovery: {
          target_id: change.vendorId,
          target_name: end?.target ?? "",
          what: end?.kind ?? "",
          execution_id: change.id,
          trigger_type: change.trigger,
          status_text: end?.why ?? "",
        },
      },
    };
    await tell(
      context,
      db,
      listeners.map((webhook) => ({ webhook, event })),
    );
  };
}
