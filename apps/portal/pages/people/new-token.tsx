import { Alert, Form, Input, InputNumber, Modal, Switch } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Command } from "../../parts/copy.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";

interface Fields {
  readonly name: string;
  readonly days: number | null;
  readonly readOnly: boolean;
}

/** Makes a personal access token, and shows its secret this once. */
export function NewToken({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const { name: person } = usePerson();
  const { failed } = useDoing();
  const [form] = Form.useForm<Fields>();
  const [secret, setSecret] = useState<string | null>(null);

  async function make(): Promise<void> {
    const { name, days, readOnly } = await form.validateFields();
    try {
      const body = { name, duration: days ?? -1, read_only: readOnly };
      setSecret((await api.accessTokens.create({ body })).body.secret);
    } catch (error) {
      failed(error);
    }
  }
  const close = () => {
    setSecret(null);
    form.resetFields();
    onClose();
  };

  return (
    <Modal
      open={open}
      title={t("tokens.make")}
      destroyOnHidden
      okText={secret === null ? t("tokens.make") : t("close")}
      onOk={secret === null ? make : close}
      onCancel={close}
      cancelButtonProps={{ style: secret === null ? {} : { display: "none" } }}
    >
      {secret === null ? (
        <Form<Fields> form={form} layout="vertical" initialValues={{ days: 90, readOnly: false }}>
          <Form.Item
            name="name"
            label={t("field.name")}
            extra={t("tokens.nameHelp")}
            rules={[{ required: true, message: t("field.nameMissing") }]}
          >
            <Input maxLength={64} autoFocus />
          </Form.Item>
          <Form.Item name="days" label={t("tokens.days")} extra={t("tokens.daysHelp")}>
            <InputNumber min={1} max={3650} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="readOnly" label={t("tokens.readOnly")} valuePropName="checked">
            <Switch />
          </Form.Item>
        </Form>
      ) : (
        <>
          <Alert type="warning" showIcon title={t("secret.once")} style={{ marginBottom: 12 }} />
          <Command text={secret} />
          <p>{t("tokens.use")}</p>
          <Command text={`docker login ${location.host} -u ${person}`} />
        </>
      )}
    </Modal>
  );
}
