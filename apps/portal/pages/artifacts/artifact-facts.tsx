import type { Label } from "@entrepot/api";
import { PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Descriptions, Dropdown, Flex, Tag } from "antd";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { useAtOnce } from "../../parts/at-once.ts";
import { Digest } from "../../parts/copy.tsx";
import { LabelTag } from "../../parts/label-tag.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { DigestLink } from "./digest-link.tsx";
import type { May } from "./artifact-table.tsx";
import type { LoadedArtifact } from "./use-artifact.ts";

interface Given {
  readonly repository: string;
  readonly loaded: LoadedArtifact;
  readonly may: May;
}

/** What an artifact is, in short, and its labels. */
export function ArtifactFacts({ repository, loaded, may }: Given) {
  const t = useTexts("artifacts");
  const { artifact, content } = loaded;
  const items = [
    { label: t("digest"), children: <Digest value={artifact.digest} /> },
    { label: t("type"), children: <Tag>{artifact.type}</Tag> },
    content.platform && {
      label: t("platform"),
      children: <span className="code">{content.platform}</span>,
    },
    { label: t("size"), children: <Bytes value={artifact.size} /> },
    { label: t("pushed"), children: <When time={artifact.push_time} /> },
    { label: t("pulled"), children: <When time={artifact.pull_time} /> },
    content.created && { label: t("built"), children: <When time={content.created} /> },
    content.subject && {
      label: t("subject"),
      children: <DigestLink repository={repository} digest={content.subject} />,
    },
    {
      label: t("mediaType"),
      children: <span className="code broken">{artifact.artifact_type}</span>,
    },
    { label: t("labels"), children: <Labels {...{ repository, loaded, may }} /> },
  ];
  const shown = items.filter((item) => item !== null && item !== "");
  return (
    <Card size="small">
      <Descriptions
        size="small"
        column={{ xs: 1, sm: 1, md: 2, xl: 3 }}
        items={shown.map((item, n) => ({ key: n, ...(item as object) }))}
      />
    </Card>
  );
}

function Labels({ repository, loaded: { artifact }, may }: Given) {
  const t = useTexts("artifacts");
  const queries = useQueryClient();
  const [labels, change] = useAtOnce(artifact.labels);
  const { project, rest } = partsOf(repository);
  const params = {
    project_name: project,
    repository_name: rest,
    reference: artifact.digest,
  };
  const refreshed = () => queries.invalidateQueries({ queryKey: ["artifacts"] });
  const take = ({ id, name }: Label) =>
    change(
      labels.filter((label) => label.id !== id),
      () => api.artifacts.removeLabel({ params: { ...params, label_id: id } }).then(refreshed),
      t("label.taken", { name }),
    );
  const put = (label: Label) =>
    change(
      [...labels, label],
      () => api.artifacts.addLabel({ params, body: { id: label.id } }).then(refreshed),
      t("label.put", { name: label.name }),
    );
  const choices = useLabelChoices(artifact.project_id, may("label", "list"));
  const own = new Set(labels.map(({ id }) => id));
  const left = choices.filter(({ id }) => !own.has(id));
  return (
    <Flex gap={4} wrap align="center">
      {labels.map((label) => (
        <LabelTag
          key={label.id}
          of={label}
          {...(may("artifact-label", "delete") && {
            onClose: () => void take(label),
          })}
        />
      ))}
      {may("artifact-label", "create") && left.length > 0 && (
        <Dropdown
          autoFocus
          trigger={["click"]}
          menu={{
            style: { maxHeight: 320, overflow: "auto" },
            items: left.map((label) => ({ key: label.id, label: label.name })),
            onClick: ({ key }) => {
              const label = left.find(({ id }) => String(id) === key);
              if (label) void put(label);
            },
          }}
        >
          <Button size="small" type="dashed" icon={<PlusOutlined />}>
            {t("label.add")}
          </Button>
        </Dropdown>
      )}
      {labels.length === 0 && left.length === 0 && "–"}
    </Flex>
  );
}

/** The registry's labels and the project's. */
function useLabelChoices(projectId: number, ofProject: boolean) {
  const { data = [] } = useQuery({
    queryKey: ["labels", "choices", projectId, ofProject],
    queryFn: async () => {
      const query = { page_size: 100 };
      const [general, own] = await Promise.all([
        api.labels.list({ query: { ...query, scope: "g" } }),
        ofProject
          ? api.labels.list({ query: { ...query, scope: "p", project_id: projectId } })
          : { body: [] },
      ]);
      return [...own.body, ...general.body];
    },
  });
  return data;
}
