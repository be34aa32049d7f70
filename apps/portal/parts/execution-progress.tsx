import { Flex, Progress, Typography } from "antd";
import { useEffect, useState } from "react";
import { useLanguage, useTexts } from "../texts.ts";
import { ServerWords } from "./server-words.tsx";
import { StatusTag } from "./status-tag.tsx";
import { bytesText, durationText, numberText } from "./units.tsx";

/** A run of anything, as far as it is shown the same everywhere. */
export interface Run {
  readonly status: string;
  /** Why it is so; empty if there is nothing to say. */
  readonly statusText?: string;
  readonly startTime: string;
  readonly endTime?: string | undefined;
  /** Steps done, failed and altogether; absent where they are not counted. */
  readonly steps?: { readonly done: number; readonly failed: number; readonly total: number };
  /** Bytes moved so far and altogether; `total` null where it is not known. */
  readonly bytes?: { readonly done: number; readonly total: number | null };
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number | undefined;
}

/** How a run stands: state, bar, counts, bytes, time taken and time left. */
export function ExecutionProgress({ run }: { readonly run: Run }) {
  const t = useTexts("parts");
  const language = useLanguage();
  const tookMs = useTookMs(run);
  const { steps, bytes, bytesPerSecond = 0, secondsLeft } = run;
  const facts = [
    steps && steps.total > 0
      ? t("progress.steps", {
          done: numberText(steps.done, language),
          total: numberText(steps.total, language),
        })
      : "",
    steps && steps.failed > 0 ? t("progress.failed", { count: steps.failed }) : "",
    bytes && bytes.total !== null
      ? t("progress.bytesOf", {
          done: bytesText(bytes.done, language),
          total: bytesText(bytes.total, language),
        })
      : "",
    bytes && bytes.total === null && bytes.done > 0 ? bytesText(bytes.done, language) : "",
    run.endTime === undefined && bytesPerSecond > 0
      ? t("progress.rate", { rate: bytesText(bytesPerSecond, language) })
      : "",
    run.endTime === undefined
      ? t("progress.running", { time: durationText(tookMs, language) })
      : t("progress.took", { time: durationText(tookMs, language) }),
    secondsLeft !== undefined
      ? t("progress.left", { time: durationText(secondsLeft * 1_000, language) })
      : "",
  ].filter(Boolean);
  return (
    <Flex vertical gap={4}>
      <Flex gap={8} align="center" wrap>
        <StatusTag status={run.status} />
        <Typography.Text type="secondary">{facts.join(" · ")}</Typography.Text>
      </Flex>
      <RunBar run={run} />
      {run.statusText && (
        <Typography.Text type="secondary">
          <ServerWords>{run.statusText}</ServerWords>
        </Typography.Text>
      )}
    </Flex>
  );
}

/** The share of a run that is done, as a bar; nothing where none is known, or all is well. */
function RunBar({ run }: { readonly run: Run }) {
  const t = useTexts("parts");
  const { steps, bytes, endTime } = run;
  const failed = (steps?.failed ?? 0) > 0;
  if (endTime !== undefined && !failed) return null;
  const share =
    bytes?.total != null && bytes.total > 0
      ? bytes.done / bytes.total
      : steps && steps.total > 0
        ? (steps.done + steps.failed) / steps.total
        : null;
  if (share === null) return null;
  return (
    <Progress
      percent={Math.min(100, Math.floor(share * 100))}
      status={failed ? "exception" : endTime === undefined ? "active" : "normal"}
      size="small"
      aria-label={t("progress.label")}
    />
  );
}

/** How long a run has taken, counted on while it runs. */
function useTookMs({ startTime, endTime }: Run): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (endTime !== undefined) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [endTime]);
  const end = endTime === undefined ? now : new Date(endTime).getTime();
  return Math.max(0, end - new Date(startTime).getTime());
}
