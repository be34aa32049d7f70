import { Form, Radio, Switch } from "antd";
import { CronInput, ZoneInput } from "../../parts/cron-input.tsx";
import { useTexts } from "../../texts.ts";
import type { PolicyDraft } from "./policy-draft.ts";
import { Section } from "./section.tsx";

/** When a policy runs. */
export function WhenFields() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  const mode = Form.useWatch("mode", form) ?? "push";
  const trigger = Form.useWatch("trigger", form) ?? "manual";
  const zone = Form.useWatch("timeZone", form) ?? "UTC";
  return (
    <Section title={t("when.title")}>
      <Form.Item name="trigger" label={t("when.trigger")} extra={t(`trigger.about.${trigger}`)}>
        <Radio.Group
          options={[
            { value: "event_based", label: t("trigger.event_based"), disabled: mode === "pull" },
            { value: "scheduled", label: t("trigger.scheduled") },
            { value: "manual", label: t("trigger.manual") },
          ]}
        />
      </Form.Item>
      {trigger === "scheduled" && (
        <>
          <Form.Item name="cron" label={t("when.schedule")}>
            <CronInput zone={zone} />
          </Form.Item>
          <Form.Item name="timeZone" label={t("when.zone")}>
            <ZoneInput />
          </Form.Item>
        </>
      )}
      <Form.Item name="enabled" label={t("when.enabled")} valuePropName="checked">
        <Switch />
      </Form.Item>
    </Section>
  );
}
