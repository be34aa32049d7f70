import { Flex, Form, InputNumber, Radio, Switch } from "antd";
import { useTexts } from "../../texts.ts";
import type { PolicyDraft } from "./policy-draft.ts";
import { Section } from "./section.tsx";

/** What becomes of what is deleted here, or different there. */
export function HowFields() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  const deletion = Form.useWatch("deletion", form) ?? false;
  const override = Form.useWatch("override", form) ?? true;
  return (
    <Section title={t("how.title")}>
      <Form.Item
        name="deletion"
        label={t("how.deletion")}
        extra={t("how.deletionAbout")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      {deletion && (
        <Form.Item label={t("how.ceiling")} extra={t("how.ceilingAbout")}>
          <Flex gap={8} wrap>
            <Form.Item name="maxDeletions" noStyle>
              <InputNumber
                min={0}
                precision={0}
                suffix={t("how.names")}
                aria-label={t("how.maxDeletions")}
                placeholder={t("how.noCeiling")}
                style={{ width: 190 }}
              />
            </Form.Item>
            <Form.Item name="maxDeletionPercent" noStyle>
              <InputNumber
                min={0}
                max={100}
                suffix="%"
                aria-label={t("how.maxPercent")}
                placeholder={t("how.noCeiling")}
                style={{ width: 150 }}
              />
            </Form.Item>
          </Flex>
        </Form.Item>
      )}
      <Form.Item
        name="override"
        label={t("how.override")}
        extra={t("how.overrideAbout")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      {override && (
        <Form.Item name="onConflict" label={t("how.conflict")} extra={t("how.conflictAbout")}>
          <Radio.Group
            options={[
              { value: "overwrite", label: t("how.overwrite") },
              { value: "report", label: t("how.report") },
            ]}
          />
        </Form.Item>
      )}
    </Section>
  );
}
