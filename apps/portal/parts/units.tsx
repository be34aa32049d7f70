import { Tooltip } from "antd";
import { useEffect, useState } from "react";
import { type Language, useLanguage } from "../texts.ts";

const LOCALE = { en: "en", zh: "zh-CN" } as const;
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `bytes` for people: `0 B`, `1.5 KiB`, `120 MiB`. */
export function bytesText(bytes: number, language: Language): string {
  let [value, unit] = [bytes, 0];
  while (Math.abs(value) >= 1024 && unit < BYTES.length - 1)
    [value, unit] = [value / 1024, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  const format = new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits });
  return `${format.format(value)} ${BYTES[unit]}`;
}

/** A count with the language's separators. */
export function numberText(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALE[language]).format(value);
}

/** A point in time, to the second, in the reader's own time zone. */
export function timeText(time: Date | string, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], {
    dateStyle: "medium",
    timeStyle: "medium",
  }).format(new Date(time));
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago, or until when: "3 minutes ago", "in 2 days". */
function agoText(time: Date | string, language: Language, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1_000;
  const format = new Intl.RelativeTimeFormat(LOCALE[language], { numeric: "auto" });
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  return format.format(Math.round(seconds), "second");
}

/** How long something took or takes: `1 h 2 min`, `350 ms`; `0 s` if no time at all. */
export function durationText(ms: number, language: Language): string {
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(LOCALE[language], {
      style: "unit",
      unit: name,
      unitDisplay: "short",
    }).format(value);
  if (ms > 0 && ms < 1_000) return unit(Math.round(ms), "millisecond");
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return unit(seconds, "second");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  if (hours >= 48) return unit(Math.round(hours / 24), "day");
  if (hours > 0) return `${unit(hours, "hour")} ${unit(minutes, "minute")}`;
  return `${unit(minutes, "minute")} ${unit(seconds % 60, "second")}`;
}

/** A size. */
export function Bytes({ value }: { readonly value: number | null | undefined }) {
  const language = useLanguage();
  return <>{value === null || value === undefined ? "–" : bytesText(value, language)}</>;
}

/** A count. */
export function Count({ value }: { readonly value: number | null | undefined }) {
  const language = useLanguage();
  return <>{value === null || value === undefined ? "–" : numberText(value, language)}</>;
}

/** How long ago, kept up to date; the exact time appears over it. */
export function When({ time }: { readonly time: string | null | undefined }) {
  const language = useLanguage();
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((n) => n + 1), 15_000);
    return () => clearInterval(timer);
  }, []);
  if (!time || time.startsWith("0001-")) return <>–</>;
  return (
    <Tooltip title={timeText(time, language)}>
      <time dateTime={time} style={{ whiteSpace: "nowrap" }}>
        {agoText(time, language)}
      </time>
    </Tooltip>
  );
}
