import type { Configuration, Configurations } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Flex, Form, Input, InputNumber, Select, Switch } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { BytesInput } from "../../parts/bytes-input.tsx";
import { type Text, useTexts } from "../../texts.ts";

type Values = Readonly<Record<string, boolean | number | string | undefined>>;

/** Settings that are sizes; -1 is no limit. */
const SIZES: ReadonlySet<string> = new Set(["storage_per_project"]);

/** Some settings, each with what it does. Only what was changed is sent. */
export function SettingsForm({
  settings,
  names,
}: {
  readonly settings: Configurations;
  readonly names: readonly string[];
}) {
  const t = useTexts("settings");
  const { run } = useDoing();
  const queries = useQueryClient();
  const [form] = Form.useForm<Values>();
  const shown = names.map((name) => [name, settings[name]!] as const);
  const before: Values = Object.fromEntries(
    shown.map(([name, { type, value }]) => [name, type === "secret" ? "" : value]),
  );

  async function save(values: Values): Promise<void> {
    const body = Object.fromEntries(
      Object.entries(values)
        .filter(([name, value]) => value !== before[name])
        .map(([name, value]) => [name, value ?? null]),
    );
    if (!(await run(() => api.configurations.update({ body }), t("saved")))) return;
    await queries.invalidateQueries({ queryKey: ["settings"] });
    await queries.invalidateQueries({ queryKey: ["systeminfo"] });
  }
  const reset = async (name: string) => {
    await run(() => api.configurations.update({ body: { [name]: null } }), t("saved"));
    await queries.invalidateQueries({ queryKey: ["settings"] });
    form.setFieldValue(name, settings[name]!.initial);
  };

  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={before}
      onFinish={(values) => void save(values)}
      style={{ maxWidth: 680 }}
    >
      {shown.map(([name, setting]) => (
        <Form.Item
          key={name}
          name={name}
          label={known(t(`name.${name}`)) ?? name}
          extra={<Help name={name} setting={setting} onReset={() => void reset(name)} />}
          {...(setting.type === "boolean" && { valuePropName: "checked" })}
        >
          {fieldOf(name, setting, t)}
        </Form.Item>
      ))}
      <Button type="primary" htmlType="submit">
        {t("save")}
      </Button>
    </Form>
  );
}

/** What a setting does: in the reader's language if it is known here, else as the server says. */
function Help({
  name,
  setting,
  onReset,
}: {
  readonly name: string;
  readonly setting: Configuration;
  readonly onReset: () => void;
}) {
  const t = useTexts("settings");
  return (
    <Flex justify="space-between" gap={12}>
      <span>{known(t(`help.${name}`)) ?? setting.help}</span>
      {setting.stored && setting.editable && (
        <Button type="link" size="small" onClick={onReset}>
          {t("reset")}
        </Button>
      )}
    </Flex>
  );
}

/** `text`, or null where there is none: then it is its own key. */
function known(text: string): string | null {
  return /^(?:name|help|choice)\.\w/.test(text) ? null : text;
}

function fieldOf(name: string, setting: Configuration, t: Text) {
  const disabled = !setting.editable;
  if (setting.type === "boolean") return <Switch disabled={disabled} />;
  if (setting.choices) {
    const options = setting.choices.map((value) => ({
      value: value as string | number,
      label: known(t(`choice.${name}.${value}`)) ?? String(value),
    }));
    return <Select disabled={disabled} options={options} />;
  }
  if (SIZES.has(name)) return <BytesInput disabled={disabled} />;
  if (setting.type === "number") {
    const { least, most } = setting;
    return (
      <InputNumber
        disabled={disabled}
        style={{ width: "100%" }}
        {...(least !== undefined && { min: least })}
        {...(most !== undefined && { max: most })}
      />
    );
  }
  if (setting.type === "secret") {
    return (
      <Input.Password
        disabled={disabled}
        autoComplete="new-password"
        placeholder={setting.stored ? t("secretStored") : ""}
      />
    );
  }
  const { longest = 255 } = setting;
  return longest > 1_000 ? (
    <Input.TextArea
      disabled={disabled}
      maxLength={longest}
      autoSize={{ minRows: 3, maxRows: 12 }}
    />
  ) : (
    <Input disabled={disabled} maxLength={longest} />
  );
}
