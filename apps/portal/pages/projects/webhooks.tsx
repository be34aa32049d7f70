import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import type { NewWebhook, Webhook } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Flex, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { Toggle } from "../../parts/toggle.tsx";
import { useTexts } from "../../texts.ts";
import type { InProject } from "./project-page.tsx";
import { WebhookDeliveries } from "./webhook-deliveries.tsx";
import { bodyOf, WebhookForm } from "./webhook-form.tsx";

/** Who outside is told of what happens in a project, and what it was told. */
export function Webhooks({ project, may }: InProject) {
  const t = useTexts("rules");
  const [edited, setEdited] = useState<Webhook | "new" | null>(null);
  const acts = useActs(project.name);
  const add = may("notification-policy", "create") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
      {t("webhook.add")}
    </Button>
  );
  const editable = may("notification-policy", "update");
  return (
    <Card title={t("section.webhooks")}>
      <ApiTable<Webhook>
        name="hook"
        label={t("section.webhooks")}
        queryKey={["webhooks", project.name]}
        load={({ page, page_size }) =>
          api.webhooks.list({ ...acts.at, query: { page, page_size } })
        }
        columns={columnsOf(t, acts, editable, setEdited)}
        rowKey={({ id }) => id}
        tools={add}
        below={(hook) => <WebhookDeliveries project={project.name} id={hook.id} may={editable} />}
        empty={
          <NothingYet title={t("webhook.none")} action={add}>
            {t("webhook.about")}
          </NothingYet>
        }
      />
      {edited && (
        <WebhookForm
          {...(edited !== "new" && { webhook: edited })}
          save={(body) => acts.save(body, edited === "new" ? null : edited.id)}
          close={() => setEdited(null)}
        />
      )}
    </Card>
  );
}

function useActs(project: string) {
  const t = useTexts("rules");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const at = {
    params: { project_name_or_id: project },
    headers: { "x-is-resource-name": "true" },
  };
  const one = (id: number) => ({ ...at, params: { ...at.params, webhook_policy_id: id } });
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ["webhooks"] });
  };
  const send = async (body: NewWebhook, id: number | null) => {
    if (id === null) await api.webhooks.create({ ...at, body });
    else await api.webhooks.update({ ...one(id), body });
    await refresh();
  };
  return {
    at,
    send,
    save: (body: NewWebhook, id: number | null) => run(() => send(body, id), t("saved")),
    test: (id: number) => run(() => api.webhooks.test(one(id)).then(refresh), t("webhook.tested")),
    remove: ({ id, name }: Webhook) =>
      ask(
        {
          title: t("webhook.ask", { name }),
          about: t("webhook.ask.about"),
          action: t("webhook.delete"),
          danger: true,
        },
        () => api.webhooks.delete(one(id)).then(refresh),
        t("saved"),
      ),
  };
}

function columnsOf(
  t: ReturnType<typeof useTexts>,
  acts: ReturnType<typeof useActs>,
  editable: boolean,
  edit: (hook: Webhook) => void,
): Columns<Webhook> {
  return [
    {
      title: t("webhook.name"),
      render: (_, { name, description }) => (
        <>
          <strong>{name}</strong>
          <div>{description}</div>
        </>
      ),
    },
    {
      title: t("webhook.address"),
      render: (_, { targets }) => <span className="code broken">{targets[0]?.address}</span>,
    },
    {
      title: t("webhook.events"),
      render: (_, { event_types: types }) => (
        <Flex gap={4} wrap style={{ maxWidth: 320 }}>
          {types.map((type) => (
            <Tag key={type}>{t(`event.${type}`)}</Tag>
          ))}
        </Flex>
      ),
    },
    {
      title: t("enabled"),
      render: (_, hook) => (
        <Toggle
          on={hook.enabled}
          label={t("enabled")}
          disabled={!editable}
          change={(enabled) => acts.send({ ...bodyOf(hook), enabled }, hook.id)}
          done={() => t("saved")}
        />
      ),
    },
    {
      key: "do",
      align: "right",
      render: (_, hook) =>
        editable && (
          <Flex justify="end">
            <Button type="text" onClick={() => void acts.test(hook.id)}>
              {t("webhook.test")}
            </Button>
            <Button
              type="text"
              icon={<EditOutlined />}
              aria-label={t("webhook.edit", { name: hook.name })}
              onClick={() => edit(hook)}
            />
            <Button
              type="text"
              danger
              icon={<DeleteOutlined />}
              aria-label={t("webhook.deleteOne", { name: hook.name })}
              onClick={() => acts.remove(hook)}
            />
          </Flex>
        ),
    },
  ];
}
