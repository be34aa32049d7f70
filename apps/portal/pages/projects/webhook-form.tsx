import type { NewWebhook, Webhook } from "@entrepot/api";
import { Checkbox, Form, Input, Select, Typography } from "antd";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";

/** What a project's webhooks can be told of. */
const EVENTS = [
  "PUSH_ARTIFACT",
  "PULL_ARTIFACT",
  "DELETE_ARTIFACT",
  "CREATE_TAG",
  "DELETE_TAG",
  "REPLICATION",
  "REPLICATION_LAG",
] as const satisfies readonly Webhook["event_types"][number][];

interface Fields {
  readonly name: string;
  readonly description?: string;
  readonly address: string;
  readonly authHeader?: string;
  readonly secret?: string;
  readonly skipVerify?: boolean;
  readonly format: "Default" | "CloudEvents";
  readonly events: Webhook["event_types"];
}

/** A webhook as it is sent back to stay as it is; what is secret is left out, and so stays. */
export function bodyOf(hook: Webhook): NewWebhook {
  const { name, description, enabled, event_types, replication_outcome, lag_seconds } = hook;
  const { address, auth_header, skip_cert_verify, payload_format } = hook.targets[0]!;
  const target = { type: "http", address, auth_header, skip_cert_verify, payload_format } as const;
  const more = { replication_outcome, lag_seconds };
  return { name, description, enabled, event_types, targets: [target], ...more };
}

/** A form for a webhook: `webhook`, or a new one. */
export function WebhookForm({
  webhook,
  save,
  close,
}: {
  readonly webhook?: Webhook;
  /** True if it was saved. */
  readonly save: (body: NewWebhook) => Promise<boolean>;
  readonly close: () => void;
}) {
  const t = useTexts("rules");
  const target = webhook?.targets[0];
  return (
    <FormModal<Fields>
      title={webhook ? t("webhook.edit", { name: webhook.name }) : t("webhook.add")}
      action={t("save")}
      first={{
        name: webhook?.name ?? "",
        description: webhook?.description ?? "",
        address: target?.address ?? "",
        authHeader: target?.auth_header ?? "",
        skipVerify: target?.skip_cert_verify ?? false,
        format: target?.payload_format ?? "Default",
        events: webhook?.event_types ?? ["PUSH_ARTIFACT", "DELETE_ARTIFACT"],
      }}
      submit={(fields) => save(changed(fields, webhook))}
      close={close}
    >
      <FormFields hasSecret={target?.has_secret ?? false} />
    </FormModal>
  );
}

function changed(fields: Fields, webhook: Webhook | undefined): NewWebhook {
  const { name, description = "", address, authHeader = "", secret, events } = fields;
  return {
    replication_outcome: webhook?.replication_outcome ?? "all",
    lag_seconds: webhook?.lag_seconds ?? 900,
    enabled: webhook?.enabled ?? true,
    name,
    description,
    event_types: events,
    targets: [
      {
        type: "http",
        address,
        auth_header: authHeader,
        skip_cert_verify: fields.skipVerify === true,
        payload_format: fields.format,
        ...(secret && { secret }),
      },
    ],
  };
}

function FormFields({ hasSecret }: { readonly hasSecret: boolean }) {
  const t = useTexts("rules");
  const needed = (message: string) => [{ required: true, message }];
  return (
    <>
      <Form.Item name="name" label={t("webhook.name")} rules={needed(t("webhook.nameMissing"))}>
        <Input autoFocus maxLength={128} />
      </Form.Item>
      <Form.Item name="description" label={t("webhook.description")}>
        <Input maxLength={1_024} />
      </Form.Item>
      <Form.Item
        name="address"
        label={t("webhook.address")}
        rules={needed(t("webhook.addressMissing"))}
      >
        <Input className="code" placeholder="https://ci.example.com/hook" />
      </Form.Item>
      <Form.Item
        name="events"
        label={t("webhook.events")}
        rules={needed(t("webhook.eventsMissing"))}
      >
        <Checkbox.Group options={EVENTS.map((value) => ({ value, label: t(`event.${value}`) }))} />
      </Form.Item>
      <Form.Item name="format" label={t("webhook.format")}>
        <Select
          options={[
            { value: "Default", label: t("webhook.format.Default") },
            { value: "CloudEvents", label: "CloudEvents" },
          ]}
        />
      </Form.Item>
      <Form.Item name="authHeader" label={t("webhook.auth")} extra={t("webhook.auth.about")}>
        <Input autoComplete="off" placeholder="Bearer …" />
      </Form.Item>
      <Form.Item name="secret" label={t("webhook.secret")} extra={t("webhook.secret.about")}>
        <Input.Password
          autoComplete="new-password"
          placeholder={hasSecret ? t("webhook.secret.kept") : ""}
        />
      </Form.Item>
      <Form.Item name="skipVerify" valuePropName="checked">
        <Checkbox>{t("webhook.skipVerify")}</Checkbox>
      </Form.Item>
      <Typography.Text type="secondary">{t("webhook.reach")}</Typography.Text>
    </>
  );
}
