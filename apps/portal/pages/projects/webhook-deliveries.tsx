import type { WebhookDelivery } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Descriptions } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { durationText, When } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";

/** While it is looked at, a delivery that is tried again is seen soon. */
const AGAIN_MS = 5_000;

/** What a webhook was told, with what it answered; each can be told once more. */
export function WebhookDeliveries({
  project,
  id,
  may,
}: {
  readonly project: string;
  readonly id: number;
  readonly may: boolean;
}) {
  const t = useTexts("rules");
  const language = useLanguage();
  const queries = useQueryClient();
  const { run } = useDoing();
  const params = { project_name_or_id: project, webhook_policy_id: id };
  const headers = { "x-is-resource-name": "true" };
  const again = (delivery: number) =>
    run(async () => {
      await api.webhooks.redeliver({ params: { ...params, delivery_id: delivery }, headers });
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    }, t("delivery.again.done"));
  const columns: Columns<WebhookDelivery> = [
    { title: t("delivery.event"), render: (_, one) => t(`event.${one.event_type}`) },
    { title: t("run.status"), render: (_, one) => <StatusTag status={one.status} /> },
    { title: t("delivery.answer"), render: (_, one) => one.status_code ?? (one.error || "–") },
    { title: t("delivery.attempts"), align: "right", render: (_, one) => one.attempts },
    {
      title: t("delivery.took"),
      align: "right",
      render: (_, one) =>
        one.duration_ms === null ? "–" : durationText(one.duration_ms, language),
    },
    { title: t("delivery.at"), render: (_, one) => <When time={one.creation_time} /> },
    {
      key: "do",
      align: "right",
      render: (_, one) =>
        may &&
        one.status !== "Pending" && (
          <Button size="small" onClick={() => void again(one.id)}>
            {t("delivery.again")}
          </Button>
        ),
    },
  ];
  return (
    <ApiTable<WebhookDelivery>
      name={`told${id}`}
      label={t("delivery.log")}
      queryKey={["webhooks", "deliveries", project, id]}
      refreshMs={AGAIN_MS}
      load={({ page, page_size }) =>
        api.webhooks.deliveries({ params, headers, query: { page, page_size } })
      }
      columns={columns}
      rowKey={(one) => one.id}
      below={(one) => <Exchange of={one} />}
      empty={<p>{t("delivery.none")}</p>}
    />
  );
}

function Exchange({ of }: { readonly of: WebhookDelivery }) {
  const t = useTexts("rules");
  const items = [
    { key: "body", label: t("delivery.body"), text: of.body },
    { key: "answer", label: t("delivery.answer"), text: of.answer },
    { key: "error", label: t("delivery.error"), text: of.error },
  ].filter(({ text }) => text !== "");
  return (
    <Descriptions
      size="small"
      column={1}
      layout="vertical"
      items={items.map(({ key, label, text }) => ({
        key,
        label,
        children: (
          <pre tabIndex={0} className="code" style={{ margin: 0, whiteSpace: "pre-wrap" }}>
            {text}
          </pre>
        ),
      }))}
    />
  );
}
