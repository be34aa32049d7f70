import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useState } from "react";
import { systemInfo } from "../system-info.ts";
import { useLanguage, useTexts } from "../texts.ts";

/** What everybody is told, above every page: the administrators' announcement, read-only mode. */
export function Notices() {
  const t = useTexts("shell");
  const language = useLanguage();
  const { data } = useQuery(systemInfo);
  const [closed, close] = useState<string | null>(null);
  const told = data?.announcement;
  const text = (language === "zh" && told?.message_zh) || told?.message;
  return (
    <>
      {data?.read_only && <Alert banner type="warning" title={t("readOnly")} />}
      {told && text !== closed && (
        <Alert
          banner
          type={told.severity === "danger" ? "error" : told.severity}
          title={text}
          closable={told.closable && { onClose: () => close(text ?? null) }}
        />
      )}
    </>
  );
}
