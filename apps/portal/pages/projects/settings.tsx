import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button, Card, Form, Input, InputNumber, Switch, Typography } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";
import { type InProject, ProjectPage } from "./project-page.tsx";
import { QuotaCard } from "./quota-card.tsx";
import { useDeletingProject } from "./use-deleting-project.tsx";

interface Fields {
  readonly public?: boolean;
  readonly description?: string;
  readonly recoveryDays?: number | null;
  readonly proxyKeepDays?: number | null;
}

/** What a project's administrator sets. */
export default function Settings() {
  return (
    <ProjectPage tab="settings">
      {(given) => (
        <div className="stack">
          <General {...given} />
          <QuotaCard {...given} />
          {given.may("project", "delete") && <Delete {...given} />}
        </div>
      )}
    </ProjectPage>
  );
}

function General({ project, may }: InProject) {
  const t = useTexts("projects");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { metadata } = project;
  const days = (key: string) => (metadata[key] ? Number(metadata[key]) : null);

  async function save(fields: Fields): Promise<void> {
    const change = {
      public: String(fields.public === true) as "true",
      description: fields.description ?? "",
      // An empty field takes the setting away.
      recovery_days: String(fields.recoveryDays ?? ""),
      ...(project.registry_id > 0 && { proxy_keep_days: String(fields.proxyKeepDays ?? "") }),
    };
    const params = { project_name_or_id: project.name };
    const headers = { "x-is-resource-name": "true" };
    const act = () => api.projects.update({ params, headers, body: { metadata: change } });
    if (await run(act, t("settings.saved"))) {
      await queries.invalidateQueries({ queryKey: ["projects"] });
    }
  }

  return (
    <Card title={t("settings.general")}>
      <Form<Fields>
        layout="vertical"
        style={{ maxWidth: 560 }}
        disabled={!may("project", "update")}
        onFinish={save}
        initialValues={{
          public: metadata.public === "true",
          description: metadata["description"] ?? "",
          recoveryDays: days("recovery_days"),
          proxyKeepDays: days("proxy_keep_days"),
        }}
      >
        <Form.Item name="public" label={t("public")} extra={t("public.about")}>
          <Switch />
        </Form.Item>
        <Form.Item name="description" label={t("description")}>
          <Input maxLength={500} />
        </Form.Item>
        <Form.Item name="recoveryDays" label={t("recovery")} extra={t("recovery.about")}>
          <InputNumber
            min={1}
            max={99_999}
            precision={0}
            suffix={t("days")}
            style={{ width: 160 }}
          />
        </Form.Item>
        {project.registry_id > 0 && (
          <Form.Item name="proxyKeepDays" label={t("proxyKeep")} extra={t("proxyKeep.about")}>
            <InputNumber
              min={1}
              max={9_999}
              precision={0}
              suffix={t("days")}
              style={{ width: 160 }}
            />
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit">
          {t("settings.save")}
        </Button>
      </Form>
    </Card>
  );
}

function Delete({ project }: InProject) {
  const t = useTexts("projects");
  const remove = useDeletingProject();
  const navigate = useNavigate();
  return (
    <Card title={t("delete")}>
      <Typography.Paragraph type="secondary">{t("delete.about")}</Typography.Paragraph>
      <Button danger onClick={() => void remove(project, () => void navigate({ to: "/projects" }))}>
        {t("delete")}
      </Button>
    </Card>
  );
}
