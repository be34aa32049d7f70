import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Form, Input } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { session, usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { PasswordFields } from "./password-fields.tsx";

interface Fields {
  readonly old: string;
  readonly password: string;
}

/** One's own password. Changing it ends all sessions, this one too. */
export function PasswordCard() {
  const t = useTexts("people");
  const { id } = usePerson();
  const { run } = useDoing();
  const queries = useQueryClient();
  const [form] = Form.useForm<Fields>();

  async function change({ old, password }: Fields): Promise<void> {
    const body = { old_password: old, new_password: password };
    const call = () => api.users.changePassword({ params: { user_id: id }, body });
    if (!(await run(call, t("password.changed")))) return;
    form.resetFields();
    await queries.invalidateQueries({ queryKey: session.queryKey });
  }

  return (
    <Card title={t("password.title")}>
      <Form<Fields> form={form} layout="vertical" onFinish={change}>
        <Form.Item
          name="old"
          label={t("password.old")}
          rules={[{ required: true, message: t("password.missing") }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <PasswordFields />
        <Button type="primary" htmlType="submit">
          {t("password.change")}
        </Button>
      </Form>
    </Card>
  );
}
