/** A moment as it stands in addresses and is asked for: a time (RFC 3339), or `seq:1234`. */
export type MomentText = string;

/** The seq of `seq:1234`; null for a time. */
export function seqOf(moment: MomentText): number | null {
  const [, digits] = /^seq:(\d{1,15})$/.exec(moment) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Whether `value` can be asked for as a moment. */
export function isMoment(value: unknown): value is MomentText {
  if (typeof value !== "string") return false;
  if (seqOf(value) !== null) return true;
  return /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

/**
 * `moment` as the first part of a repository's name, by which clients pull what there was then:
 * `2026-01-31t14.03.00.120z`, `seq-1234`.
 */
export function momentComponent(moment: MomentText): string {
  const seq = seqOf(moment);
  if (seq !== null) return `seq-${seq}`;
  return new Date(moment).toISOString().replaceAll(":", ".").toLowerCase();
}

/** `time` as a field for a local time shows it: `2026-01-31T14:03:00`, in the reader's zone. */
export function toLocalField(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day}T${clock}`;
}

/** What such a field says as a moment in UTC; null while it says nothing. */
export function fromLocalField(text: string): MomentText | null {
  const time = new Date(text);
  return text === "" || Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The reader's time zone with its distance to UTC at `time`: `Europe/Berlin (GMT+2)`. */
export function zoneText(time: Date): string {
  const format = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" });
  const offset = format.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value;
  return `${format.resolvedOptions().timeZone} (${offset ?? "UTC"})`;
}
