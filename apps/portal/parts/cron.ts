/** A schedule as people think of it. Times are of a day's 24 hours; days 1 (Monday) to 7. */
export type Rhythm =
  | { readonly kind: "minutes"; readonly every: number }
  | { readonly kind: "hourly"; readonly minute: number }
  | { readonly kind: "daily"; readonly time: string }
  | { readonly kind: "weekly"; readonly time: string; readonly days: readonly number[] }
  | { readonly kind: "monthly"; readonly time: string; readonly day: number }
  | { readonly kind: "custom"; readonly cron: string };

/** The kinds of rhythms, commonest first. */
export const RHYTHMS = ["daily", "weekly", "monthly", "hourly", "minutes", "custom"] as const;

const NUMBER = /^\d{1,2}$/;
const two = (n: number | string) => String(n).padStart(2, "0");

/** What `cron` (six fields, the first 0) says, where it is one of the common ones. */
export function rhythmOf(cron: string): Rhythm {
  const custom: Rhythm = { kind: "custom", cron };
  const [second, minute = "", hour = "", day, month, weekday = "", ...rest] = cron
    .trim()
    .split(/\s+/);
  if (second !== "0" || month !== "*" || rest.length > 0) return custom;
  const isDaily = day === "*" && weekday === "*";
  const [, every] = /^\*\/(\d{1,2})$/.exec(minute) ?? [];
  if (every && hour === "*" && isDaily) return { kind: "minutes", every: Number(every) };
  if (!NUMBER.test(minute)) return custom;
  if (hour === "*" && isDaily) return { kind: "hourly", minute: Number(minute) };
  if (!NUMBER.test(hour)) return custom;
  const time = `${two(hour)}:${two(minute)}`;
  if (isDaily) return { kind: "daily", time };
  if (day === "*" && /^[0-7](?:,[0-7])*$/.test(weekday)) {
    const days = weekday.split(",").map((one) => Number(one) || 7);
    return { kind: "weekly", time, days: [...new Set(days)].toSorted() };
  }
  if (weekday === "*" && NUMBER.test(day!)) return { kind: "monthly", time, day: Number(day) };
  return custom;
}

/** The six fields of `rhythm`. A week without days is every day. */
export function cronOf(rhythm: Rhythm): string {
  if (rhythm.kind === "custom") return rhythm.cron;
  if (rhythm.kind === "minutes") return `0 */${rhythm.every} * * * *`;
  if (rhythm.kind === "hourly") return `0 ${rhythm.minute} * * * *`;
  const [hour, minute] = rhythm.time.split(":").map(Number);
  const start = `0 ${minute || 0} ${hour || 0}`;
  if (rhythm.kind === "daily") return `${start} * * *`;
  if (rhythm.kind === "monthly") return `${start} ${rhythm.day} * *`;
  return `${start} * * ${rhythm.days.length === 0 ? "*" : rhythm.days.toSorted().join(",")}`;
}

/** `cron` as a rhythm of another kind, with what of it can be kept. */
export function asKind(cron: string, kind: Rhythm["kind"]): Rhythm {
  const before = rhythmOf(cron);
  const time = "time" in before ? before.time : "02:00";
  switch (kind) {
    case "minutes":
      return { kind, every: 15 };
    case "hourly":
      return { kind, minute: 0 };
    case "daily":
      return { kind, time };
    case "weekly":
      return { kind, time, days: [1] };
    case "monthly":
      return { kind, time, day: 1 };
    case "custom":
      return { kind, cron: cronOf(before) };
  }
}
