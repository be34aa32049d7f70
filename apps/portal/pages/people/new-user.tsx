import { Form, Input, Modal } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";
import { PasswordFields } from "./password-fields.tsx";

interface Fields {
  readonly username: string;
  readonly realname?: string;
  readonly email?: string;
  readonly password: string;
}

/** Makes a local account. */
export function NewUser({
  open,
  onClose,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const { run } = useDoing();
  const [form] = Form.useForm<Fields>();

  async function make(): Promise<void> {
    const { username, password, realname = "", email = "" } = await form.validateFields();
    const body = { username, password, realname, email };
    const made = await run(() => api.users.create({ body }), t("users.made", { name: username }));
    if (made) close();
  }
  const close = () => {
    form.resetFields();
    onClose();
  };

  return (
    <Modal
      open={open}
      title={t("users.make")}
      okText={t("users.make")}
      onOk={make}
      onCancel={close}
    >
      <Form<Fields> form={form} layout="vertical">
        <Form.Item
          name="username"
          label={t("field.username")}
          rules={[{ required: true, message: t("field.nameMissing") }]}
        >
          <Input autoComplete="off" maxLength={255} autoFocus />
        </Form.Item>
        <Form.Item name="realname" label={t("field.realname")}>
          <Input autoComplete="off" maxLength={255} />
        </Form.Item>
        <Form.Item
          name="email"
          label={t("field.email")}
          rules={[{ type: "email", message: t("field.emailWrong") }]}
        >
          <Input autoComplete="off" maxLength={255} />
        </Form.Item>
        <PasswordFields />
      </Form>
    </Modal>
  );
}
