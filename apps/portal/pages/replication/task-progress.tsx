import type { Task } from "@entrepot/api";
import { Flex, Progress, Typography } from "antd";
import { ServerWords } from "../../parts/server-words.tsx";
import { bytesText, durationText } from "../../parts/units.tsx";
import { type Language, type Text, useLanguage, useTexts } from "../../texts.ts";

/** What a task has moved and how fast, in words. Texts of "replication". */
function taskFacts(task: Task, t: Text, language: Language): string[] {
  const size = (bytes: number) => bytesText(bytes, language);
  const { bytes_sent: sent, bytes_total: total } = task;
  const runs = task.status === "InProgress";
  const stage = task.stage.replaceAll(" ", "_");
  return [
    runs && stage ? t(`stage.${stage}`) : "",
    total !== undefined
      ? t("task.bytesOf", { done: size(sent), total: size(total) })
      : sent > 0
        ? t("task.bytes", { done: size(sent) })
        : "",
    task.bytes_skipped > 0 ? t("task.skipped", { bytes: size(task.bytes_skipped) }) : "",
    task.bytes_mounted > 0 ? t("task.mounted", { bytes: size(task.bytes_mounted) }) : "",
    task.blobs_total > 0 ? t("task.blobs", { done: task.blobs_done, total: task.blobs_total }) : "",
    task.bytes_per_second > 0 ? t("task.rate", { rate: size(task.bytes_per_second) }) : "",
    task.seconds_left !== undefined
      ? t("task.left", { time: durationText(task.seconds_left * 1_000, language) })
      : "",
    task.attempts > 1 ? t("task.attempts", { count: task.attempts }) : "",
  ].filter(Boolean);
}

/** How far a task is: its stage, bytes, rate and time left; what it waits for; why it failed. */
export function TaskProgress({ task }: { readonly task: Task }) {
  const t = useTexts("replication");
  const language = useLanguage();
  const { status, bytes_sent: sent, bytes_total: total = 0, failure, status_text: text } = task;
  const share = total > 0 ? Math.min(100, Math.floor((sent / total) * 100)) : null;
  return (
    <Flex vertical gap={2} style={{ minWidth: 240, maxWidth: 460, whiteSpace: "normal" }}>
      {status === "InProgress" && share !== null && (
        <Progress percent={share} size="small" status="active" aria-label={t("task.progress")} />
      )}
      <span>{taskFacts(task, t, language).join(" · ")}</span>
      {failure ? (
        <Typography.Text type="danger">
          {t(`failure.${failure.kind}`)}: <ServerWords>{failure.message}</ServerWords>
        </Typography.Text>
      ) : (
        text && (
          <Typography.Text type="secondary">
            <ServerWords>{text}</ServerWords>
          </Typography.Text>
        )
      )}
    </Flex>
  );
}
