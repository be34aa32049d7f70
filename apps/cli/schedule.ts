import type { NewGarbageSchedule } from "@entrepot/api";

/** When something runs by itself, as people type it: `daily`, `none`, or a cron of six fields. */
export function scheduleOf(text: string): NewGarbageSchedule["schedule"] {
  const types = { hourly: "Hourly", daily: "Daily", weekly: "Weekly", none: "None" } as const;
  const type = types[text as keyof typeof types];
  return type ? { type } : { type: "Custom", cron: text };
}
