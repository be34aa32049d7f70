import { useNavigate, useSearch } from "@tanstack/react-router";
import { Flex, Input, Select } from "antd";
import { useTexts } from "../../texts.ts";
import { type AuditFilter, filterOf } from "./audit-filter.ts";
import { useAuditWords } from "./audit-words.ts";

const KINDS = ["change", "request", "login", "pull", "access", "audit"] as const;
const OPERATIONS = ["create", "update", "delete", "read", "login", "token", "pull"] as const;
const RESULTS = ["success", "denied", "failure"] as const;

/** What of the log is shown, as it stands in the address, and as the API's `q`. */
export function useAuditSearch() {
  const search: AuditFilter = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (change: AuditFilter) =>
    void navigate({ to: ".", search: { ...search, ...change, page: undefined } as never });
  return { search, show, q: filterOf(search) };
}

/** Chooses what of the log is shown. */
export function AuditFilters() {
  const t = useTexts("audit");
  const { search, show } = useAuditSearch();
  return (
    <Flex gap={8} wrap style={{ marginBottom: 12 }}>
      <Choice name="kind" of={KINDS} />
      <Choice name="operation" of={OPERATIONS} />
      <Choice name="result" of={RESULTS} />
      {(["who", "what"] as const).map((name) => (
        <Input.Search
          key={name}
          defaultValue={search[name]}
          allowClear
          placeholder={t(`find.${name}`)}
          aria-label={t(`find.${name}`)}
          style={{ width: 180 }}
          onSearch={(text) => show({ [name]: text.trim() || undefined })}
        />
      ))}
      {(["from", "until"] as const).map((end) => (
        <Input
          key={end}
          type="date"
          value={search[end] ?? ""}
          aria-label={t(`day.${end}`)}
          style={{ width: 150 }}
          onChange={({ target }) => show({ [end]: target.value || undefined })}
        />
      ))}
    </Flex>
  );
}

/** A choice that stands in the address. */
function Choice({
  name,
  of,
}: {
  readonly name: "kind" | "operation" | "result";
  readonly of: readonly string[];
}) {
  const t = useTexts("audit");
  const words = useAuditWords();
  const { search, show } = useAuditSearch();
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
      style={{ width: 160 }}
      options={of.map((value) => ({ value, label: labels[name](value) }))}
      onChange={(value?: string) => show({ [name]: value })}
    />
  );
}
