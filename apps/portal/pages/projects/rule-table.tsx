import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { Button, Flex, Switch, Table } from "antd";
import type { ReactNode } from "react";
import { useTexts } from "../../texts.ts";

/** A rule of either sort. */
interface Rule {
  readonly id: number;
  readonly disabled: boolean;
}

/** Rules with a switch and a pencil each; what they say is up to `about`. */
export function RuleTable<R extends Rule>({
  label,
  rules,
  about,
  editable,
  change,
  edit,
  remove,
}: {
  readonly label: string;
  readonly rules: readonly R[];
  readonly about: (rule: R) => ReactNode;
  readonly editable: boolean;
  readonly change: (rule: R) => void;
  readonly edit: (rule: R) => void;
  readonly remove: (rule: R) => void;
}) {
  const t = useTexts("rules");
  return (
    <Table<R>
      aria-label={label}
      size="small"
      pagination={false}
      scroll={{ x: "max-content" }}
      rowKey="id"
      dataSource={[...rules]}
      columns={[
        { title: t("rule"), render: (_, rule) => about(rule) },
        {
          title: t("enabled"),
          render: (_, rule) => (
            <Switch
              aria-label={t("enabled")}
              disabled={!editable}
              checked={!rule.disabled}
              onChange={(on) => change({ ...rule, disabled: !on })}
            />
          ),
        },
        {
          key: "do",
          align: "right",
          render: (_, rule) =>
            editable && (
              <Flex justify="end">
                <Button
                  type="text"
                  icon={<EditOutlined />}
                  aria-label={t("rule.edit")}
                  onClick={() => edit(rule)}
                />
                <Button
                  type="text"
                  danger
                  icon={<DeleteOutlined />}
                  aria-label={t("rule.delete")}
                  onClick={() => remove(rule)}
                />
              </Flex>
            ),
        },
      ]}
    />
  );
}
