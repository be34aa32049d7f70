import type { AttentionKind, BackupStanding } from "@entrepot/api";
import type { Catalog } from "@entrepot/catalog";
import { nextOccurrence } from "@entrepot/jobs";
import { BACKUP, DRILL } from "@entrepot/recovery";
import { sql } from "kysely";

/** How far behind a continuous target may be before that is told. */
const CONTINUOUS_MS = 10 * 60_000;
/** A run takes its time. Also what a target without a schedule may be behind: a day and this. */
const GRACE_MS = 2 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** A backup target, how far it is, and its last backup and drill. */
export interface TargetStanding {
  readonly id: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly cron: string;
  readonly timeZone: string;
  readonly continuous: boolean;
  readonly lastError: string;
  readonly newest: string | null;
  readonly behindSince: Date | null;
  /** How its newest ended run went. */
  readonly backup: { readonly status: string; readonly text: string } | null;
  readonly drill: {
    readonly id: number;
    readonly status: "Running" | "Success" | "Error" | "Stopped";
    readonly text: string;
    readonly ended: string | null;
    readonly recovery: number | null;
    readonly loss: number | null;
  } | null;
}

/** All backup targets with their last backup and drill, by name. */
export async function readTargets({ db }: Pick<Catalog, "db">): Promise<TargetStanding[]> {
  const { rows } = await sql<TargetStanding>`
    SELECT t.id, t.name, t.enabled, t.cron, t.time_zone AS "timeZone", t.continuous,
      t.last_error AS "lastError", t.tip ->> 'at' AS newest,
      (SELECT at FROM journal WHERE seq > coalesce((t.tip ->> 'seq')::bigint, 0)
        ORDER BY seq LIMIT 1) AS "behindSince",
      (SELECT jsonb_build_object('status', e.status, 'text', k.status_text)
        FROM execution e JOIN task k ON k.execution_id = e.id AND k.kind = 'backup'
        WHERE e.vendor = ${BACKUP} AND e.vendor_id = t.id AND e.status <> 'Running'
        ORDER BY e.id DESC LIMIT 1) AS backup,
      (SELECT jsonb_build_object('id', e.id, 'status', e.status, 'text', k.status_text,
          'ended', e.end_time, 'recovery', k.progress #> '{report,recoverySeconds}',
          'loss', k.progress #> '{report,lossSeconds}')
        FROM execution e JOIN task k ON k.execution_id = e.id
        WHERE e.vendor = ${DRILL} AND e.vendor_id = t.id ORDER BY e.id DESC LIMIT 1) AS drill
    FROM backup_target t ORDER BY t.name
  `.execute(db);
  return rows;
}

/** A target as the overview shows it. */
export function shownStanding(target: TargetStanding): BackupStanding {
  const { drill } = target;
  return {
    id: target.id,
    name: target.name,
    enabled: target.enabled,
    newest: target.newest,
    behind_since: target.behindSince?.toISOString() ?? null,
    drill: drill && {
      id: drill.id,
      status: drill.status,
      end_time: drill.ended === null ? null : new Date(drill.ended).toISOString(),
      recovery_seconds: drill.recovery,
      loss_seconds: drill.loss,
    },
  };
}

/** What of `targets` needs attention at `now`. */
export function backupAttention(targets: readonly TargetStanding[], now: Date) {
  const enabled = targets.filter((target) => target.enabled);
  if (enabled.length === 0) return [{ kind: "backup-none" as AttentionKind }];
  const found = enabled.flatMap((target) => {
    const kind = troubleOf(target, now);
    if (kind === null) return [];
    const detail = kind === "backup-failed" ? target.lastError || target.backup?.text : "";
    const { id, name: subject, behindSince: since } = target;
    return [{ kind, id, subject, detail: detail ?? "", since }];
  });
  const drills = enabled.flatMap(({ id, name: subject, drill }) => {
    if (drill?.status !== "Error") return [];
    const since = drill.ended === null ? null : new Date(drill.ended);
    return [{ kind: "drill-failed" as AttentionKind, id, subject, detail: drill.text, since }];
  });
  const untried = enabled.every(({ drill }) => drill === null);
  const backedUp = enabled.some(({ newest }) => newest !== null);
  const none = untried && backedUp ? [{ kind: "drill-none" as AttentionKind }] : [];
  return [...found, ...drills, ...none];
}

function troubleOf(target: TargetStanding, now: Date): AttentionKind | null {
  if (target.lastError !== "" || target.backup?.status === "Error") return "backup-failed";
  if (target.newest === null) return "backup-never";
  const behindMs = target.behindSince ? now.getTime() - target.behindSince.getTime() : 0;
  return behindMs > allowedMs(target, now) ? "backup-late" : null;
}

/** How old the oldest change that waits may be: the time between two runs, and some. */
function allowedMs({ continuous, cron, timeZone }: TargetStanding, now: Date): number {
  if (continuous) return CONTINUOUS_MS;
  if (cron === "") return DAY_MS + GRACE_MS;
  const next = nextOccurrence({ cron, timeZone }, now);
  return nextOccurrence({ cron, timeZone }, next).getTime() - next.getTime() + GRACE_MS;
}
