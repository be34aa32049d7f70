import type { User } from "@entrepot/api";
import { Form, Modal } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";
import { PasswordFields } from "./password-fields.tsx";

/** Gives `user` another password; nobody where it is null. */
export function ResetPassword({
  user,
  onClose,
}: {
  readonly user: User | null;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const { run } = useDoing();
  const [form] = Form.useForm<{ readonly password: string }>();

  async function reset(): Promise<void> {
    const { password } = await form.validateFields();
    const params = { user_id: user!.user_id };
    const call = () => api.users.changePassword({ params, body: { new_password: password } });
    if (await run(call, t("password.changed"))) close();
  }
  const close = () => {
    form.resetFields();
    onClose();
  };

  return (
    <Modal
      open={user !== null}
      title={t("password.resetOf", { name: user?.username ?? "" })}
      okText={t("password.reset")}
      onOk={reset}
      onCancel={close}
    >
      <Form form={form} layout="vertical">
        <PasswordFields />
      </Form>
    </Modal>
  );
}
