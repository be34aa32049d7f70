import type { Artifact } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { AutoComplete, Form, Input, Modal, Select } from "antd";
import { useDeferredValue, useState } from "react";
import { api } from "../../api.ts";
import { artifactPath, partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { EnterSubmits } from "../../parts/enter-submits.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { oneCause, undo } from "../../undo.ts";

interface Fields {
  readonly endpoint?: number;
  readonly project: string;
  readonly repository: string;
  readonly tags: string[];
}

/** Copies an artifact, with what refers to it, to another project or registry. */
export function CopyForm({
  repository,
  artifact,
  close,
}: {
  readonly repository: string;
  readonly artifact: Pick<Artifact, "digest" | "tags">;
  readonly close: () => void;
}) {
  const t = useTexts("artifacts");
  const { sysadmin } = usePerson();
  const [form] = Form.useForm<Fields>();
  const endpoint = Form.useWatch("endpoint", form);
  const project = useDeferredValue(Form.useWatch("project", form) ?? "");
  const { data: projects = [] } = useQuery({
    queryKey: ["projects", "choices", project],
    queryFn: async () =>
      (await api.projects.list({ query: { name: project, page_size: 20 } })).body,
  });
  const { rest } = partsOf(repository);
  const { busy, copy } = useCopying(repository, artifact.digest, close);
  return (
    <Modal
      open
      title={t("copy.title")}
      okText={t("copy.do")}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={copy}
        initialValues={{ repository: rest, tags: artifact.tags.map(({ name }) => name) }}
      >
        {sysadmin && <Endpoint />}
        <Form.Item
          name="project"
          label={t("copy.project")}
          rules={[{ required: true, message: t("copy.projectMissing") }]}
        >
          <AutoComplete
            autoFocus
            options={endpoint ? [] : projects.map(({ name }) => ({ value: name }))}
          />
        </Form.Item>
        <Form.Item
          name="repository"
          label={t("copy.repository")}
          rules={[{ required: true, message: t("copy.repositoryMissing") }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="tags" label={t("tags")} extra={t("copy.tags")}>
          <Select mode="tags" tokenSeparators={[",", " "]} />
        </Form.Item>
        <EnterSubmits />
      </Form>
    </Modal>
  );
}

function Endpoint() {
  const t = useTexts("artifacts");
  const { data: endpoints = [] } = useQuery({
    queryKey: ["endpoints", "choices"],
    queryFn: async () => (await api.registries.list({ query: { page_size: 100 } })).body,
  });
  if (endpoints.length === 0) return null;
  return (
    <Form.Item name="endpoint" label={t("copy.endpoint")}>
      <Select
        allowClear
        placeholder={t("copy.here")}
        options={endpoints.map(({ id, name }) => ({ value: id, label: name }))}
      />
    </Form.Item>
  );
}

function useCopying(repository: string, digest: string, close: () => void) {
  const t = useTexts("artifacts");
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { failed, undoable, run } = useDoing();
  const { project, rest } = partsOf(repository);
  const params = { project_name: project, repository_name: rest, reference: digest };
  const refresh = async () => {
    await queries.invalidateQueries();
  };

  async function copy({ endpoint, project: to, repository: name, tags }: Fields) {
    const target = `${to}/${name}`;
    setBusy(true);
    try {
      if (endpoint) {
        const body = { registry_id: endpoint, repository: target, tags };
        const sent = () => api.artifacts.promote({ params, body });
        const started = await run(async () => {
          const { created } = await sent();
          await navigate({ to: `/replication/executions/${created}` });
        }, t("copy.started"));
        if (started) close();
        return;
      }
      const { cause, headers } = oneCause();
      await api.artifacts.promote({ params, headers, body: { repository: target, tags } });
      close();
      void refresh();
      await navigate({ to: artifactPath(target, tags[0] ?? digest) });
      const back = () => undo(cause).then(refresh);
      undoable(t("copy.done", { name: target }), back, t("delete.undone"));
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  }
  return { busy, copy };
}
