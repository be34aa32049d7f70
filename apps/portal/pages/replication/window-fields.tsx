import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Flex, Form, Input, Select } from "antd";
import { dayText, ZoneInput } from "../../parts/cron-input.tsx";
import { RateInput } from "../../parts/rate-input.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import type { PolicyDraft } from "./policy-draft.ts";

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** Windows in which tasks may start, or in which a rate of their own holds. */
export function WindowFields() {
  const t = useTexts("replication");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fresh = {
    kind: "run",
    days: [],
    from: "22:00",
    to: "06:00",
    time_zone: zone,
    bytes_per_second: 0,
  };
  return (
    <Form.List name="windows">
      {(fields, { add, remove }) => (
        <Flex vertical gap={12}>
          {fields.map(({ key, name }, i) => (
            <WindowField key={key} at={name} number={i + 1} remove={() => remove(name)} />
          ))}
          <span>
            <Button icon={<PlusOutlined />} onClick={() => add(fresh)}>
              {t("window.add")}
            </Button>
          </span>
        </Flex>
      )}
    </Form.List>
  );
}

function WindowField({
  at,
  number,
  remove,
}: {
  readonly at: number;
  readonly number: number;
  readonly remove: () => void;
}) {
  const t = useTexts("replication");
  const language = useLanguage();
  const form = Form.useFormInstance<PolicyDraft>();
  const kind = Form.useWatch(["windows", at, "kind"], form);
  return (
    <Flex gap={8} wrap align="center" role="group" aria-label={t("window.nth", { number })}>
      <Form.Item name={[at, "kind"]} noStyle>
        <Select
          aria-label={t("window.kind")}
          style={{ width: 170 }}
          options={[
            { value: "run", label: t("window.run") },
            { value: "bandwidth", label: t("window.bandwidth") },
          ]}
          onChange={(chosen) => {
            if (chosen === "run") form.setFieldValue(["windows", at, "bytes_per_second"], 0);
          }}
        />
      </Form.Item>
      <Form.Item name={[at, "days"]} noStyle>
        <Select
          mode="multiple"
          aria-label={t("window.days")}
          placeholder={t("window.everyDay")}
          style={{ minWidth: 160 }}
          options={DAYS.map((day) => ({ value: day, label: dayText(day, language, "short") }))}
        />
      </Form.Item>
      <Form.Item name={[at, "from"]} noStyle>
        <Input type="time" aria-label={t("window.from")} style={{ width: 120 }} />
      </Form.Item>
      –
      <Form.Item name={[at, "to"]} noStyle>
        <Input type="time" aria-label={t("window.to")} style={{ width: 120 }} />
      </Form.Item>
      <Form.Item name={[at, "time_zone"]} noStyle>
        <ZoneInput />
      </Form.Item>
      {kind === "bandwidth" && (
        <Form.Item name={[at, "bytes_per_second"]} noStyle>
          <RateInput />
        </Form.Item>
      )}
      <Button
        type="text"
        icon={<DeleteOutlined />}
        aria-label={t("window.remove", { number })}
        onClick={remove}
      />
    </Flex>
  );
}
