import { Form, Input } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
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
  const make = ({ username, password, realname = "", email = "" }: Fields) => {
    const body = { username, password, realname, email };
    return run(() => api.users.create({ body }), t("users.made", { name: username }));
  };
  return (
    <FormModal<Fields>
      open={open}
      title={t("users.make")}
      action={t("users.make")}
      submit={make}
      close={onClose}
    >
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
    </FormModal>
  );
}
