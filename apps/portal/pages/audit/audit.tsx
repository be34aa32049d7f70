import { DownloadOutlined } from "@ant-design/icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Flex, Input, Select } from "antd";
import { LinkButton } from "../../parts/link-button.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { AuditTable } from "./audit-table.tsx";
import { useAuditWords } from "./audit-words.ts";
import { filterOf, type AuditFilter } from "./audit-filter.ts";
import { Verification } from "./verification.tsx";

const KINDS = ["change", "request", "login", "pull", "access", "audit"] as const;
const OPERATIONS = ["create", "update", "delete", "read", "login", "token", "pull"] as const;
const RESULTS = ["success", "denied", "failure"] as const;

/** Who did what, when and from where; exported and verified from here. */
export default function Audit() {
  const t = useTexts("audit");
  const search: AuditFilter = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (change: AuditFilter) =>
    void navigate({ to: ".", search: { ...search, ...change, page: undefined } as never });
  const q = filterOf(search);
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
      <Flex gap={8} wrap style={{ marginBottom: 12 }}>
        <Choice name="kind" of={KINDS} {...{ search, show }} />
        <Choice name="operation" of={OPERATIONS} {...{ search, show }} />
        <Choice name="result" of={RESULTS} {...{ search, show }} />
        <Input.Search
          defaultValue={search.who}
          allowClear
          placeholder={t("who")}
          aria-label={t("who")}
          style={{ width: 200 }}
          onSearch={(who) => show({ who: who.trim() || undefined })}
        />
        {(["from", "until"] as const).map((end) => (
          <Input
            key={end}
            type="date"
            value={search[end] ?? ""}
            aria-label={t(`day.${end}`)}
            style={{ width: 160 }}
            onChange={({ target }) => show({ [end]: target.value || undefined })}
          />
        ))}
      </Flex>
      <AuditTable q={q} onCause={(cause) => show({ cause })} />
    </>
  );
}

/** A choice that stands in the address. */
function Choice({
  name,
  of,
  search,
  show,
}: {
  readonly name: "kind" | "operation" | "result";
  readonly of: readonly string[];
  readonly search: AuditFilter;
  readonly show: (change: AuditFilter) => void;
}) {
  const t = useTexts("audit");
  const words = useAuditWords();
  const labels = {
    kind: (value: string) => t(`kind.${value}`),
    operation: words.operation,
    result: (value: string) => t(`result.${value}`),
  };
  return (
    <Select
      allowClear
      value={search[name]}
      placeholder={t(`any.${name}`)}
      aria-label={t(`any.${name}`)}
      style={{ width: 180 }}
      options={of.map((value) => ({ value, label: labels[name](value) }))}
      onChange={(value?: string) => show({ [name]: value })}
    />
  );
}
