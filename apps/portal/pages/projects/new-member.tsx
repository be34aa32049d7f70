import { useQuery, useQueryClient } from "@tanstack/react-query";
import { AutoComplete, Form, Select } from "antd";
import { useDeferredValue } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
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

  async function add({ username, role }: Fields): Promise<boolean> {
    const done = await run(
      () =>
        api.members.create({
          params: { project_name_or_id: project },
          headers: { "x-is-resource-name": "true" },
          body: { role_id: role, member_user: { username } },
        }),
      t("members.added", { name: username }),
    );
    if (done) await queries.invalidateQueries({ queryKey: ["members"] });
    return done;
  }

  return (
    <FormModal<Fields>
      title={t("members.add")}
      action={t("members.add")}
      form={form}
      first={{ role: 2 }}
      submit={add}
      close={close}
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
    </FormModal>
  );
}
