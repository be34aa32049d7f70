import { useNavigate, useSearch } from "@tanstack/react-router";
import { Tabs } from "antd";
import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { Queues } from "./queues.tsx";
import { Running } from "./running.tsx";
import { Schedules } from "./schedules.tsx";

/** What waits, what runs and where, and what is due when. */
export default function Jobs() {
  const t = useTexts("jobs");
  const navigate = useNavigate();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  return (
    <>
      <PageHead title={t("title")} about={t("about")} />
      <Tabs
        activeKey={search["tab"] ?? "queues"}
        onChange={(tab) => void navigate({ to: ".", search: { tab } as never })}
        destroyOnHidden
        items={[
          { key: "queues", label: t("queues.title"), children: <Queues /> },
          { key: "running", label: t("running.title"), children: <Running /> },
          { key: "schedules", label: t("schedules.title"), children: <Schedules /> },
        ]}
      />
    </>
  );
}
