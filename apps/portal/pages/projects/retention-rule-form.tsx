import type { RetentionRule } from "@entrepot/api";
import { Form, InputNumber, Select } from "antd";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";
import {
  FIRST_FIELDS,
  type RetentionFields,
  retentionFieldsOf,
  retentionRuleOf,
  TEMPLATES,
} from "./rule-fields.ts";
import { ScopeFormFields } from "./scope-fields.tsx";

/** A form for a rule of retention: `rule`, or a new one. */
export function RetentionRuleForm({
  rule,
  save,
  close,
}: {
  readonly rule?: RetentionRule;
  /** True if it was saved. */
  readonly save: (rule: RetentionRule) => Promise<boolean>;
  readonly close: () => void;
}) {
  const t = useTexts("rules");
  const [form] = Form.useForm<RetentionFields>();
  const template = Form.useWatch("template", form) ?? rule?.template;
  return (
    <FormModal<RetentionFields>
      title={rule ? t("rule.edit") : t("rule.add")}
      action={t("save")}
      form={form}
      first={rule ? retentionFieldsOf(rule) : FIRST_FIELDS}
      submit={(fields) => save(retentionRuleOf({ ...FIRST_FIELDS, ...fields }, rule))}
      close={close}
    >
      <Form.Item name="template" label={t("keep")}>
        <Select
          options={TEMPLATES.map((value) => ({ value, label: t(`template.choice.${value}`) }))}
        />
      </Form.Item>
      {template !== "always" && (
        <Form.Item
          name="count"
          label={template?.startsWith("nDays") ? t("days") : t("count")}
          rules={[{ required: true, message: t("count.missing") }]}
        >
          <InputNumber min={1} precision={0} />
        </Form.Item>
      )}
      <ScopeFormFields untagged />
    </FormModal>
  );
}
