import type { AuditRecord } from "@entrepot/api";
import { Button, Descriptions, Tag } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { ShortName } from "../../parts/kind-name.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { useAuditWords } from "./audit-words.ts";

const COLOURS = { success: "success", denied: "warning", failure: "error" } as const;

/** The log, or a project's part of it, newest first, as far as `q` selects it. */
export function AuditTable({
  q,
  project,
  onCause,
}: {
  readonly q: string;
  readonly project?: string;
  /** Somebody wants to see all that belongs to one cause. */
  readonly onCause: (cause: string) => void;
}) {
  const t = useTexts("audit");
  const words = useAuditWords();
  const columns: Columns<AuditRecord> = [
    {
      title: t("time"),
      key: "op_time",
      sorter: true,
      render: (_, record) => <When time={record.op_time} />,
    },
    { title: t("person"), dataIndex: "username" },
    {
      title: t("what"),
      render: (_, record) => (
        <div style={{ maxWidth: 460, whiteSpace: "normal", overflowWrap: "anywhere" }}>
          {words.operation(record.operation)} <Tag>{words.type(record.resource_type)}</Tag>{" "}
          <span className="code">
            <ShortName name={record.resource} />
          </span>
        </div>
      ),
    },
    {
      title: t("outcome"),
      render: (_, { result }) => <Tag color={COLOURS[result]}>{t(`result.${result}`)}</Tag>,
    },
    { title: t("address"), render: (_, record) => record.client_address || "–" },
  ];
  return (
    <ApiTable<AuditRecord>
      label={t("title")}
      queryKey={["audit", project ?? ""]}
      load={(query) =>
        project === undefined
          ? api.audit.list({ query })
          : api.audit.ofProject({ params: { project_name: project }, query })
      }
      columns={columns}
      rowKey={({ id }) => id}
      filter={q}
      below={(record) => <Record record={record} onCause={onCause} />}
    />
  );
}

/** All of one record. */
function Record({
  record,
  onCause,
}: {
  readonly record: AuditRecord;
  readonly onCause: (cause: string) => void;
}) {
  const t = useTexts("audit");
  const facts: readonly (readonly [string, string | number | null])[] = [
    [t("number"), record.id],
    [t("kind"), t(`kind.${record.kind}`)],
    [t("project"), record.project],
    [t("code"), `operation=${record.operation},resource_type=${record.resource_type}`],
    [t("client"), record.user_agent],
    [t("entry"), record.seq],
    [t("hash"), record.hash],
  ];
  return (
    <>
      <Descriptions
        size="small"
        column={1}
        items={facts
          .filter(([, value]) => value !== null && value !== "")
          .map(([label, children]) => ({ key: label, label, children }))}
      />
      {Object.keys(record.detail).length > 0 && (
        <pre className="code" style={{ whiteSpace: "pre-wrap", wordBreak: "break-all" }}>
          {JSON.stringify(record.detail, null, 2)}
        </pre>
      )}
      {record.cause && (
        <Button size="small" onClick={() => onCause(record.cause)}>
          {t("together")}
        </Button>
      )}
    </>
  );
}
