import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Form, Input, InputNumber, Radio, Select, Typography } from "antd";
import { api, routes } from "../../api.ts";
import { StatusTag } from "../../parts/status-tag.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";
import { allEndpoints } from "./data.ts";
import type { PolicyDraft } from "./policy-draft.ts";
import { Section } from "./section.tsx";

/** Which way, from where and to where, and under what names. */
export function WhereFields() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  return (
    <Section title={t("where.title")}>
      <Form.Item
        name="name"
        label={t("name")}
        rules={[{ required: true, whitespace: true, max: 255, message: t("policy.nameRule") }]}
      >
        <Input autoComplete="off" placeholder="mirror" />
      </Form.Item>
      <Form.Item name="mode" label={t("where.mode")}>
        <Radio.Group
          onChange={({ target }) => {
            // What happens elsewhere is no event here.
            if (target.value === "pull" && form.getFieldValue("trigger") === "event_based") {
              form.setFieldValue("trigger", "scheduled");
            }
          }}
          options={[
            { value: "push", label: t("mode.push") },
            { value: "pull", label: t("mode.pull") },
          ]}
        />
      </Form.Item>
      <EndpointField />
      <Destination />
      <ProjectField />
      <Form.Item name="description" label={t("description")}>
        <Input.TextArea autoSize={{ minRows: 1, maxRows: 4 }} />
      </Form.Item>
    </Section>
  );
}

function EndpointField() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  const mode = Form.useWatch("mode", form) ?? "push";
  const { data, error } = useQuery(allEndpoints);
  const none = data?.length === 0;
  return (
    <Form.Item
      name="endpoint"
      label={mode === "push" ? t("where.to") : t("where.from")}
      rules={[{ required: true, message: t("where.endpointRule") }]}
      extra={
        none ? (
          <Link to="/replication/endpoints" search={{ edit: "new" } as never}>
            {t("where.noEndpoint")}
          </Link>
        ) : (
          error && <ServerWords>{error.message}</ServerWords>
        )
      }
    >
      <Select
        showSearch={{ optionFilterProp: "name" }}
        loading={data === undefined && !error}
        placeholder={t("where.choose")}
        options={(data ?? []).map(({ id, name, url, status }) => ({
          value: id,
          name,
          label: (
            <>
              {name} {status === "unhealthy" && <StatusTag status={status} />}
              <Typography.Text type="secondary">{url}</Typography.Text>
            </>
          ),
        }))}
      />
    </Form.Item>
  );
}

/** What a repository is called at the destination. */
function Destination() {
  const t = useTexts("replication");
  const form = Form.useFormInstance<PolicyDraft>();
  const namespace = (Form.useWatch("namespace", form) ?? "").trim();
  const count: number = Form.useWatch("replaceCount", form) ?? -1;
  return (
    <>
      <Form.Item name="namespace" label={t("where.namespace")} extra={t("where.namespaceAbout")}>
        <Input className="code" placeholder={t("where.same")} />
      </Form.Item>
      <Form.Item
        name="replaceCount"
        label={t("where.replace")}
        hidden={namespace === ""}
        extra={t("where.example", { before: EXAMPLE, after: renamed(EXAMPLE, namespace, count) })}
        normalize={(value: number | null) => value ?? -1}
      >
        <InputNumber<number>
          min={-1}
          max={127}
          precision={0}
          style={{ width: 200 }}
          formatter={(value) => (Number(value) === -1 ? t("where.replaceAll") : String(value))}
          parser={(text) => (/^-?\d+$/.test(text ?? "") ? Number(text) : -1)}
        />
      </Form.Item>
    </>
  );
}

const EXAMPLE = "team/web/app";

/** `name` where its first `count` parts (-1: all but the last) become `namespace`. */
function renamed(name: string, namespace: string, count: number): string {
  const parts = name.split("/");
  const kept = parts.slice(count === -1 ? -1 : Math.min(count, parts.length - 1));
  return [namespace, ...kept].join("/");
}

function ProjectField() {
  const t = useTexts("replication");
  const { data = [] } = useQuery({
    queryKey: ["projects", "names"],
    queryFn: () => Array.fromAsync(api.each(routes.projects.list, {})),
    staleTime: 60_000,
  });
  const projects = data.map(({ project_id: value, name }) => ({ value, label: name }));
  return (
    <Form.Item
      name="project"
      label={t("where.project")}
      extra={t("where.projectAbout")}
      getValueProps={(value: number | null) => ({ value: value ?? 0 })}
      normalize={(value: number) => value || null}
    >
      <Select
        showSearch={{ optionFilterProp: "label" }}
        options={[{ value: 0, label: t("where.system") }, ...projects]}
      />
    </Form.Item>
  );
}
