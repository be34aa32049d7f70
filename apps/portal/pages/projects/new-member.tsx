import { useQuery, useQueryClient } from "@tanstack/react-query";
import { AutoComplete, Form, Modal, Select } from "antd";
import { useDeferredValue, useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { EnterSubmits } from "../../parts/enter-submits.tsx";
import { useTexts } from "../../texts.ts";
import { useRoles } from "./roles.ts";

interface Fields {
  readonly username: string;
  readonly role: number;
}

/** A form that makes somebody a member of `project`. */
export function NewMember({
  project,
  close,
}: {
  readonly project: string;
  readonly close: () => void;
}) {
  const t = useTexts("projects");
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);
  const roles = useRoles();
  const queries = useQueryClient();
  const { run } = useDoing();
  const typed = useDeferredValue(Form.useWatch("username", form) ?? "");
  const { data: found = [] } = useQuery({
    queryKey: ["users", "search", typed],
    enabled: typed !== "",
    queryFn: async () =>
      (await api.users.search({ query: { username: typed, page_size: 10 } })).body,
  });

  async function add({ username, role }: Fields): Promise<void> {
    setBusy(true);
    const done = await run(
      () =>
        api.members.create({
          params: { project_name_or_id: project },
          headers: { "x-is-resource-name": "true" },
          body: { role_id: role, member_user: { username } },
        }),
      t("members.added", { name: username }),
    );
    setBusy(false);
    if (!done) return;
    await queries.invalidateQueries({ queryKey: ["members"] });
    close();
  }

  return (
    <Modal
      open
      title={t("members.add")}
      okText={t("members.add")}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={add}
        initialValues={{ role: 2 }}
      >
        <Form.Item
          name="username"
          label={t("members.name")}
          rules={[{ required: true, message: t("members.nameMissing") }]}
        >
          <AutoComplete
            autoFocus
            options={found.map(({ username }) => ({ value: username }))}
            placeholder={t("members.namePlaceholder")}
          />
        </Form.Item>
        <Form.Item name="role" label={t("role")} extra={t("members.roles")}>
          <Select options={roles} />
        </Form.Item>
        <EnterSubmits />
      </Form>
    </Modal>
  );
}
