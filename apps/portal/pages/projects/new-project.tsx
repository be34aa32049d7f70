import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Form, Input, Select, Switch } from "antd";
import { api } from "../../api.ts";
import { projectPath } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { BytesInput } from "../../parts/bytes-input.tsx";

interface Fields {
  readonly name: string;
  readonly public?: boolean;
  readonly quota?: number;
  readonly proxyOf?: number;
}

/** As the server checks it again. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** A form for a new project; goes there when it is made. */
export function NewProject({ close }: { readonly close: () => void }) {
  const t = useTexts("projects");
  const { sysadmin } = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { run } = useDoing();

  async function create({ name, public: open = false, quota = -1, proxyOf }: Fields) {
    const body = {
      project_name: name,
      metadata: { public: String(open) as "true" },
      ...(sysadmin && { storage_limit: quota }),
      ...(proxyOf && { registry_id: proxyOf }),
    };
    const made = await run(() => api.projects.create({ body }), t("new.done", { name }));
    if (!made) return false;
    void queries.invalidateQueries({ queryKey: ["projects"] });
    await navigate({ to: projectPath(name) });
    return true;
  }

  return (
    <FormModal<Fields> title={t("new")} action={t("new.create")} submit={create} close={close}>
      <Form.Item
        name="name"
        label={t("name")}
        extra={t("new.rule")}
        rules={[
          { required: true, message: t("new.nameMissing") },
          { pattern: NAME, max: 255, message: t("new.nameWrong") },
        ]}
      >
        <Input autoFocus autoComplete="off" maxLength={255} />
      </Form.Item>
      <Form.Item name="public" label={t("public")} extra={t("public.about")}>
        <Switch />
      </Form.Item>
      {sysadmin && <ForAdmins />}
    </FormModal>
  );
}

/** What only system administrators set: a limit, and what the project is a proxy of. */
function ForAdmins() {
  const t = useTexts("projects");
  const { data: endpoints = [] } = useQuery({
    queryKey: ["endpoints", "choices"],
    queryFn: async () => (await api.registries.list({ query: { page_size: 100 } })).body,
  });
  return (
    <>
      <Form.Item name="quota" label={t("quota")} extra={t("quota.about")}>
        <BytesInput />
      </Form.Item>
      <Form.Item name="proxyOf" label={t("proxyOf")} extra={t("proxyOf.about")}>
        <Select
          allowClear
          placeholder={t("proxyOf.none")}
          options={endpoints.map(({ id, name, url }) => ({ value: id, label: `${name} · ${url}` }))}
        />
      </Form.Item>
    </>
  );
}
