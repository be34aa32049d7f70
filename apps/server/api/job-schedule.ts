import { RegistryError } from "@entrepot/oci";
import type { JobSchedule } from "@entrepot/api";

/** What Harbor's types of schedule stand for. */
const CRONS: Readonly<Record<string, string>> = {
  Hourly: "0 0 * * * *",
  Daily: "0 0 0 * * *",
  Weekly: "0 0 0 * * 0",
};

/**
 * When a schedule of Harbor's says that something runs; null: never. Throws BAD_REQUEST for type
 * Manual, which is no schedule, and for type Custom without a cron.
 */
export function cronOf({ type, cron }: Pick<JobSchedule, "type" | "cron">): string | null {
  if (type === "Manual" || (type === "Custom" && cron === "")) {
    const what = type === "Manual" ? "Manual starts a run (POST)" : "Custom needs a cron";
    throw new RegistryError("BAD_REQUEST", `this is no schedule: ${what}`);
  }
  return type === "None" ? null : (CRONS[type] ?? cron);
}

/** A schedule as Harbor shows it. */
export function scheduleShape({
  cron,
  nextAt,
}: {
  readonly cron: string;
  readonly nextAt: Date | null;
}): JobSchedule {
  const [type = "Custom"] = Object.entries(CRONS).find(([, one]) => one === cron) ?? [];
  return {
    type: type as JobSchedule["type"],
    cron,
    ...(nextAt && { next_scheduled_time: nextAt.toISOString() }),
  };
}
