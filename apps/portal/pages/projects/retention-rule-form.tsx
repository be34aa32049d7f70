import type { RetentionRule } from "@entrepot/api";
import { Form, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { EnterSubmits } from "../../parts/enter-submits.tsx";
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
  const [busy, setBusy] = useState(false);
  const template = Form.useWatch("template", form) ?? rule?.template;
  return (
    <Modal
      open
      title={rule ? t("rule.edit") : t("rule.add")}
      okText={t("save")}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form<RetentionFields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={rule ? retentionFieldsOf(rule) : FIRST_FIELDS}
        onFinish={async (fields) => {
          setBusy(true);
          const isSaved = await save(retentionRuleOf({ ...FIRST_FIELDS, ...fields }, rule));
          setBusy(false);
          if (isSaved) close();
        }}
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
        <EnterSubmits />
      </Form>
    </Modal>
  );
}
