import type { RetentionExecution, RetentionVerdict } from "@entrepot/api";
import { Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { Digest } from "../../parts/copy.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";

/** What a run does, or would do, to each artifact, and why. */
export function RetentionPlan({
  id,
  run,
}: {
  readonly id: number;
  readonly run: RetentionExecution;
}) {
  const t = useTexts("rules");
  const [verdict, setVerdict] = useState<"" | "keep" | "delete">("delete");
  const columns: Columns<RetentionVerdict> = [
    {
      title: t("plan.verdict"),
      render: (_, one) => (
        <Tag color={one.verdict === "keep" ? "success" : "error"}>
          {t(`verdict.${one.verdict}`)}
        </Tag>
      ),
    },
    { title: t("plan.repository"), render: (_, one) => one.repository },
    { title: t("tags"), render: (_, one) => one.tags.join(", ") || "–" },
    { title: t("plan.digest"), render: (_, one) => <Digest value={one.digest} /> },
    { title: t("plan.why"), render: (_, one) => <div className="step">{one.reason}</div> },
    { title: t("plan.size"), align: "right", render: (_, one) => <Bytes value={one.size} /> },
    { title: t("plan.pushed"), render: (_, one) => <When time={one.push_time} /> },
  ];
  return (
    <ApiTable<RetentionVerdict>
      name={`plan${run.id}`}
      label={t("plan")}
      queryKey={["retentions", "plan", run.id, run.status, verdict]}
      load={({ page, page_size }) =>
        api.retentions.plan({
          params: { id, eid: run.id },
          query: { page, page_size, ...(verdict && { verdict }) },
        })
      }
      columns={columns}
      rowKey={(one) => `${one.repository} ${one.digest}`}
      empty={
        <>
          <Choice value={verdict} choose={setVerdict} />
          <p>{t("plan.empty")}</p>
        </>
      }
      tools={<Choice value={verdict} choose={setVerdict} />}
    />
  );
}

function Choice({
  value,
  choose,
}: {
  readonly value: "" | "keep" | "delete";
  readonly choose: (verdict: "" | "keep" | "delete") => void;
}) {
  const t = useTexts("rules");
  return (
    <Segmented
      aria-label={t("plan.verdict")}
      value={value}
      onChange={choose}
      options={[
        { value: "delete", label: t("verdict.delete") },
        { value: "keep", label: t("verdict.keep") },
        { value: "", label: t("plan.all") },
      ]}
    />
  );
}
