import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { LinkButton } from "../../parts/link-button.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { AuditFilters, useAuditSearch } from "./audit-filters.tsx";
import { AuditTable } from "./audit-table.tsx";
import { Verification } from "./verification.tsx";

/** Who did what, when and from where; exported and verified from here. */
export default function Audit() {
  const t = useTexts("audit");
  const { show, q } = useAuditSearch();
  const exported = (format: string) =>
    `/api/v2.0/audit-logs/export?${new URLSearchParams({ format, ...(q && { q }) })}`;
  return (
    <>
      <PageHead
        title={t("title")}
        about={t("about")}
        actions={
          <>
            {["csv", "jsonl"].map((format) => (
              <Button key={format} icon={<DownloadOutlined />} href={exported(format)} download>
                {format === "csv" ? "CSV" : "JSON lines"}
              </Button>
            ))}
            <LinkButton to="/audit/purges">{t("purges.title")}</LinkButton>
          </>
        }
      />
      <Verification />
      <AuditFilters />
      <AuditTable q={q} onCause={(cause) => show({ cause })} />
    </>
  );
}
