import { useQuery } from "@tanstack/react-query";
import { Flex, Input, InputNumber, Select, Typography } from "antd";
import { useState } from "react";
import { api } from "../api.ts";
import { type Language, type Text, useLanguage, useTexts } from "../texts.ts";
import { asKind, cronOf, type Rhythm, RHYTHMS, rhythmOf } from "./cron.ts";
import { timeText } from "./units.tsx";

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** The name of a day of the week, 1 is Monday, in `language`. */
export function dayText(day: number, language: Language, style: "long" | "short" = "long"): string {
  // The first of January 2024 was a Monday.
  const date = new Date(Date.UTC(2024, 0, day));
  const locale = language === "zh" ? "zh-CN" : "en";
  return new Intl.DateTimeFormat(locale, { weekday: style, timeZone: "UTC" }).format(date);
}

/** A schedule in words, by texts of "parts"; a rare one stays as it is written. */
function cronText(cron: string, t: Text, language: Language): string {
  const rhythm = rhythmOf(cron);
  switch (rhythm.kind) {
    case "minutes":
      return t("cron.said.minutes", { count: rhythm.every });
    case "hourly":
      return t("cron.said.hourly", { minute: rhythm.minute });
    case "daily":
      return t("cron.said.daily", { time: rhythm.time });
    case "weekly": {
      const days = rhythm.days.map((day) => dayText(day, language));
      const list = new Intl.ListFormat(language === "zh" ? "zh-CN" : "en").format(days);
      return t("cron.said.weekly", { time: rhythm.time, days: list });
    }
    case "monthly":
      return t("cron.said.monthly", { time: rhythm.time, day: rhythm.day });
    case "custom":
      return cron;
  }
}

/** A schedule in words. */
export function CronText({
  cron,
  zone = "UTC",
}: {
  readonly cron: string;
  readonly zone?: string;
}) {
  const t = useTexts("parts");
  const language = useLanguage();
  return (
    <span>
      {cronText(cron, t, language)} <Typography.Text type="secondary">({zone})</Typography.Text>
    </span>
  );
}

/** Chooses a schedule, and says when it would be due. For a form's field: `value`, `onChange`. */
export function CronInput({
  id,
  value = "",
  onChange = () => undefined,
  zone = "UTC",
}: {
  readonly id?: string;
  readonly value?: string;
  readonly onChange?: (cron: string) => void;
  readonly zone?: string;
}) {
  const t = useTexts("parts");
  const [custom, setCustom] = useState(() => value !== "" && rhythmOf(value).kind === "custom");
  const kind = custom ? "custom" : rhythmOf(value).kind;
  return (
    <Flex vertical gap={8}>
      <Flex gap={8} wrap>
        <Select
          {...(id !== undefined && { id })}
          value={kind}
          aria-label={t("cron.rhythm")}
          style={{ minWidth: 150 }}
          options={RHYTHMS.map((one) => ({ value: one, label: t(`cron.kind.${one}`) }))}
          onChange={(chosen: Rhythm["kind"]) => {
            setCustom(chosen === "custom");
            onChange(cronOf(asKind(value, chosen)));
          }}
        />
        <Details
          rhythm={custom ? { kind: "custom", cron: value } : rhythmOf(value)}
          change={(rhythm) => onChange(cronOf(rhythm))}
        />
      </Flex>
      <NextTimes cron={value} zone={zone} />
    </Flex>
  );
}

interface DetailsProps {
  readonly rhythm: Rhythm;
  readonly change: (rhythm: Rhythm) => void;
}

function Details({ rhythm, change }: DetailsProps) {
  const t = useTexts("parts");
  const language = useLanguage();
  const number = (
    label: string,
    n: number,
    min: number,
    max: number,
    to: (n: number) => Rhythm,
  ) => (
    <InputNumber
      prefix={label}
      aria-label={label}
      value={n}
      min={min}
      max={max}
      precision={0}
      onChange={(next) => next !== null && change(to(next))}
      style={{ width: 170 }}
    />
  );
  if (rhythm.kind === "custom") {
    return (
      <Input
        className="code"
        value={rhythm.cron}
        aria-label={t("cron.fields")}
        placeholder="0 30 2 * * *"
        onChange={({ target }) => change({ kind: "custom", cron: target.value })}
        style={{ width: 220 }}
      />
    );
  }
  if (rhythm.kind === "minutes") {
    return number(t("cron.everyMinutes"), rhythm.every, 1, 59, (every) => ({ ...rhythm, every }));
  }
  if (rhythm.kind === "hourly") {
    return number(t("cron.minute"), rhythm.minute, 0, 59, (minute) => ({ ...rhythm, minute }));
  }
  return (
    <>
      {rhythm.kind === "weekly" && (
        <Select
          mode="multiple"
          value={[...rhythm.days]}
          aria-label={t("cron.days")}
          options={DAYS.map((day) => ({ value: day, label: dayText(day, language) }))}
          onChange={(days) => change({ ...rhythm, days })}
          style={{ minWidth: 200 }}
        />
      )}
      {rhythm.kind === "monthly" &&
        number(t("cron.day"), rhythm.day, 1, 31, (day) => ({ ...rhythm, day }))}
      <Input
        type="time"
        value={rhythm.time}
        aria-label={t("cron.time")}
        onChange={({ target }) => target.value !== "" && change({ ...rhythm, time: target.value })}
        style={{ width: 130 }}
      />
    </>
  );
}

/** When a schedule would be due next, as the server reckons; why not, where it is refused. */
function NextTimes({ cron, zone }: { readonly cron: string; readonly zone: string }) {
  const t = useTexts("parts");
  const language = useLanguage();
  const { data, error } = useQuery({
    queryKey: ["jobs", "next", cron, zone],
    queryFn: async () =>
      (await api.jobservice.nextTimes({ query: { cron, time_zone: zone, count: 3 } })).body.times,
    enabled: cron.trim() !== "",
    staleTime: 60_000,
  });
  if (cron.trim() === "") return null;
  if (error) return <Typography.Text type="danger">{error.message}</Typography.Text>;
  const times = (data ?? []).map((time) => timeText(time, language));
  return (
    <Typography.Text type="secondary" role="status">
      {cronText(cron, t, language)} ({zone}).{" "}
      {times.length > 0 && t("cron.next", { times: times.join(" · ") })}
    </Typography.Text>
  );
}

/** Chooses a time zone by its IANA name. For a form's field. */
export function ZoneInput({
  id,
  value = "UTC",
  onChange = () => undefined,
}: {
  readonly id?: string;
  readonly value?: string;
  readonly onChange?: (zone: string) => void;
}) {
  const t = useTexts("parts");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const names = [...new Set(["UTC", own, value, ...Intl.supportedValuesOf("timeZone")])];
  return (
    <Select
      {...(id !== undefined && { id })}
      showSearch
      value={value}
      aria-label={t("cron.zone")}
      options={names.map((name) => ({ value: name, label: name }))}
      onChange={onChange}
      style={{ minWidth: 200 }}
    />
  );
}
