import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Flex, Form, Input, InputNumber, Select, Typography } from "antd";
import { api } from "../../api.ts";
import { useTexts } from "../../texts.ts";
import {
  type FilterDraft,
  FILTERS,
  LISTS,
  newFilter,
  PLAIN,
  type PolicyDraft,
} from "./policy-draft.ts";

const PLATFORMS = [
  "linux/amd64",
  "linux/arm64",
  "linux/arm/v7",
  "linux/ppc64le",
  "linux/riscv64",
  "linux/s390x",
  "windows/amd64",
];

const HINTS: Readonly<Record<string, string>> = {
  name: "library/**",
  tag: "v*",
  tag_semver: ">=1.2 <2",
  name_regex: "team/[a-z]+",
  tag_regex: "v\\d+\\.\\d+",
  newest: "10",
};

/** What a source can be asked for: the kinds of filters, and the labels that it has. */
function useKinds(source: number) {
  const { data } = useQuery({
    queryKey: ["endpoints", source, "info"],
    queryFn: async () => (await api.registries.info({ params: { id: source } })).body,
    staleTime: 60_000,
  });
  const known = data?.supported_resource_filters ?? [];
  const kinds = FILTERS.filter(
    (type) => known.length === 0 || known.some((one) => one.type === type),
  );
  return { kinds, labels: known.find(({ type }) => type === "label")?.values ?? [] };
}

/** The filters of a policy: all of them are met by what it copies. */
export function FilterFields({ source }: { readonly source: number }) {
  const t = useTexts("replication");
  const { kinds, labels } = useKinds(source);
  return (
    <Form.List name="filters">
      {(fields, { add, remove }) => (
        <Flex vertical gap={8}>
          {fields.length === 0 && (
            <Typography.Text type="secondary">{t("filter.none")}</Typography.Text>
          )}
          {fields.map(({ key, name }) => (
            <FilterField key={key} at={name} labels={labels} remove={() => remove(name)} />
          ))}
          <span>
            <Dropdown
              autoFocus
              trigger={["click"]}
              menu={{
                items: kinds.map((type) => ({ key: type, label: t(`filter.kind.${type}`) })),
                onClick: ({ key }) => add(newFilter(key as FilterDraft["type"])),
              }}
            >
              <Button icon={<PlusOutlined />}>{t("filter.add")}</Button>
            </Dropdown>
          </span>
        </Flex>
      )}
    </Form.List>
  );
}

function FilterField({
  at,
  labels,
  remove,
}: {
  readonly at: number;
  readonly labels: readonly string[];
  readonly remove: () => void;
}) {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  // The kind is no field of its own: it is chosen once, when the filter is added.
  const watched = Form.useWatch(["filters", at, "type"], { form, preserve: true });
  const type: FilterDraft["type"] = watched ?? "name";
  const kind = t(`filter.kind.${type}`);
  return (
    <div role="group" aria-label={kind}>
      <Flex gap={8} wrap align="start">
        <Typography.Text strong style={{ width: 150, paddingTop: 5 }}>
          {kind}
        </Typography.Text>
        {!PLAIN.has(type) && (
          <Form.Item name={[at, "excludes"]} noStyle>
            <Select
              aria-label={t("filter.way")}
              style={{ width: 130 }}
              options={[
                { value: false, label: t("filter.matches") },
                { value: true, label: t("filter.excludes") },
              ]}
            />
          </Form.Item>
        )}
        <div style={{ flex: "1 1 200px", minWidth: 0 }}>
          {type !== "signed" && (
            <Form.Item name={[at, "value"]} noStyle normalize={(value: unknown) => value ?? ""}>
              {valueInput(type, kind, labels)}
            </Form.Item>
          )}
        </div>
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t("filter.remove", { kind })}
          onClick={remove}
        />
      </Flex>
      <Typography.Text type="secondary">{t(`filter.about.${type}`)}</Typography.Text>
    </div>
  );
}

/** What a filter's value is written in: a text, a number, or a list. */
function valueInput(type: FilterDraft["type"], label: string, labels: readonly string[]) {
  if (type === "newest") {
    return (
      <InputNumber
        aria-label={label}
        min="1"
        precision={0}
        stringMode
        placeholder={HINTS[type]!}
        style={{ width: 120 }}
      />
    );
  }
  if (!LISTS.has(type)) {
    return <Input aria-label={label} className="code" placeholder={HINTS[type] ?? ""} />;
  }
  const offered = type === "platform" ? PLATFORMS : type === "label" ? labels : [];
  return (
    <Select
      mode="tags"
      aria-label={label}
      tokenSeparators={[",", " "]}
      options={offered.map((value) => ({ value, label: value }))}
      style={{ width: "100%" }}
    />
  );
}
