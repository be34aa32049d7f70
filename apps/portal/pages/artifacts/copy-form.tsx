import type { Artifact } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { AutoComplete, Form, Input, Select } from "antd";
import { useDeferredValue } from "react";
import { api } from "../../api.ts";
import { artifactPath, partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
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
  const copy = useCopying(repository, artifact.digest);
  return (
    <FormModal<Fields>
      title={t("copy.title")}
      action={t("copy.do")}
      form={form}
      first={{ repository: rest, tags: artifact.tags.map(({ name }) => name) }}
      submit={copy}
      close={close}
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
    </FormModal>
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

/** Copies as asked; true where that was done, or has begun at the other registry. */
function useCopying(repository: string, digest: string) {
  const t = useTexts("artifacts");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { undoable, run } = useDoing();
  const { project, rest } = partsOf(repository);
  const params = { project_name: project, repository_name: rest, reference: digest };
  const refresh = async () => {
    await queries.invalidateQueries();
  };

  const send = (registry_id: number, target: string, tags: string[]) =>
    run(async () => {
      const body = { registry_id, repository: target, tags };
      const { created } = await api.artifacts.promote({ params, body });
      await navigate({ to: `/replication/executions/${created}` });
    }, t("copy.started"));

  return ({ endpoint, project: to, repository: name, tags }: Fields): Promise<boolean> => {
    const target = `${to}/${name}`;
    if (endpoint) return send(endpoint, target, tags);
    return run(async () => {
      const { cause, headers } = oneCause();
      await api.artifacts.promote({ params, headers, body: { repository: target, tags } });
      void refresh();
      await navigate({ to: artifactPath(target, tags[0] ?? digest) });
      const back = () => undo(cause).then(refresh);
      undoable(t("copy.done", { name: target }), back, t("delete.undone"));
    });
  };
}
