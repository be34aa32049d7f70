const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `bytes` for people: `0 B`, `1.5 KiB`, `120 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be printed as 1024.
  while (Math.round(value * 10) >= 10_240 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A length of time in two units at most: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 1 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24];
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60];
  if (days > 0) return inTwo(days, "d", hours, "h");
  if (hours > 0) return inTwo(hours, "h", minutes, "min");
  return minutes > 0 ? inTwo(minutes, "min", rest, "s") : `${rest} s`;
}

function inTwo(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** A point in time as `2026-01-31 23:59:59`: in this machine's zone, or with a Z in UTC. */
export function formatTime(time: string | null | undefined, utc: boolean): string {
  if (time === null || time === undefined) return "";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  if (utc) return `${date.toISOString().slice(0, 19).replace("T", " ")}Z`;
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** `1 task`, `2 tasks`: a number with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A digest cut to what people compare: `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^([a-z0-9+._-]+:[0-9a-f]{12})[0-9a-f]+$/, "$1");
}
