import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { Button, Flex, Table } from "antd";
import type { ReactNode } from "react";
import { Toggle } from "../../parts/toggle.tsx";
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
  /** Ends when `rules` has it. */
  readonly change: (rule: R) => Promise<unknown>;
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
            <Toggle
              on={!rule.disabled}
              label={t("enabled")}
              disabled={!editable}
              change={(on) => change({ ...rule, disabled: !on })}
              done={() => t("saved")}
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
