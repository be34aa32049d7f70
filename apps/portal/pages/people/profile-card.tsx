import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Form, Input } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { session, usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";

interface Fields {
  readonly realname: string;
  readonly email: string;
}

/** One's own name and address. */
export function ProfileCard() {
  const t = useTexts("people");
  const person = usePerson();
  const queries = useQueryClient();
  const { run } = useDoing();

  async function save({ realname, email }: Fields): Promise<void> {
    await run(
      () => api.users.update({ params: { user_id: person.id }, body: { realname, email } }),
      t("profile.saved"),
    );
    await queries.invalidateQueries({ queryKey: session.queryKey });
  }

  return (
    <Card title={t("profile.self")}>
      <Form<Fields>
        layout="vertical"
        initialValues={{ realname: person.realname, email: person.email }}
        onFinish={save}
      >
        <Form.Item name="realname" label={t("field.realname")}>
          <Input autoComplete="name" maxLength={255} />
        </Form.Item>
        <Form.Item
          name="email"
          label={t("field.email")}
          rules={[{ type: "email", message: t("field.emailWrong") }]}
        >
          <Input autoComplete="email" maxLength={255} />
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t("save")}
        </Button>
      </Form>
    </Card>
  );
}
