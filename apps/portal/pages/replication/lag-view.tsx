import type { PolicyLag } from "@entrepot/api";
import { Flex, Tag, Typography } from "antd";
import { ServerWords } from "../../parts/server-words.tsx";
import { bytesText, durationText, numberText } from "../../parts/units.tsx";
import { type Language, type Text, useLanguage, useTexts } from "../../texts.ts";
import { type Standing, standingOf } from "./standing.ts";

const COLOURS: Readonly<Record<Standing, string>> = {
  level: "success",
  behind: "processing",
  failing: "error",
  paused: "default",
};

/** How far behind in words: time, names and bytes. Texts of "replication". */
export function lagText(lag: PolicyLag, t: Text, language: Language): string {
  const { lag_items: items, lag_bytes: bytes } = lag;
  if (items === 0 && lag.unread_entries === 0) return "";
  return [
    lag.lag_seconds > 0 ? durationText(lag.lag_seconds * 1_000, language) : "",
    items > 0 ? t("lag.items", { count: items, shown: numberText(items, language) }) : "",
    bytes !== null && bytes > 0 ? bytesText(bytes, language) : "",
    items === 0 ? t("lag.unread", { count: lag.unread_entries }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** How far behind the target of a policy is, and why what has waited longest waits. */
export function LagView({ lag }: { readonly lag: PolicyLag | undefined }) {
  const t = useTexts("replication");
  const language = useLanguage();
  if (!lag) return <>–</>;
  const standing = standingOf(lag);
  return (
    <Flex vertical gap={2} style={{ maxWidth: 380, whiteSpace: "normal" }}>
      <span>
        <Tag color={COLOURS[standing]}>{t(`standing.${standing}`)}</Tag>
        {lagText(lag, t, language)}
      </span>
      {lag.lag_failing > 0 && (
        <Typography.Text type="danger">
          {t("lag.failing", { count: lag.lag_failing })}
        </Typography.Text>
      )}
      {lag.oldest && (
        <Typography.Text type="secondary">
          <ServerWords>{lag.oldest.why}</ServerWords>
        </Typography.Text>
      )}
    </Flex>
  );
}
