import { DeleteOutlined, LockOutlined } from "@ant-design/icons";
import type { Artifact } from "@entrepot/api";
import { Button, Flex, Table, Tooltip } from "antd";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import type { May } from "./artifact-table.tsx";
import { PullMenu } from "./pull-menu.tsx";
import { TagHistory } from "./tag-history.tsx";
import { useDeleting } from "./use-deleting.tsx";

/** An artifact's tags, each with what it was before. */
export function TagsTab({
  repository,
  artifact,
  may,
}: {
  readonly repository: string;
  readonly artifact: Artifact;
  readonly may: May;
}) {
  const t = useTexts("artifacts");
  const { deleteTag } = useDeleting();
  const { tags, type } = artifact;
  if (tags.length === 0)
    return <NothingYet title={t("tags.none")}>{t("tags.none.about")}</NothingYet>;
  return (
    <Table
      aria-label={t("tags")}
      size="small"
      rowKey="name"
      pagination={tags.length > 50 ? { pageSize: 50 } : false}
      scroll={{ x: "max-content" }}
      dataSource={tags}
      expandable={{
        defaultExpandAllRows: tags.length === 1,
        expandedRowRender: ({ name }) => (
          <TagHistory
            repository={repository}
            tag={name}
            now={artifact.digest}
            may={may("recovery", "restore")}
          />
        ),
      }}
      columns={[
        {
          title: t("tag"),
          render: (_, { name, immutable }) => (
            <Flex gap={6}>
              <strong>{name}</strong>
              {immutable && (
                <Tooltip title={t("immutable")}>
                  <LockOutlined aria-label={t("immutable")} />
                </Tooltip>
              )}
            </Flex>
          ),
        },
        { title: t("tags.since"), render: (_, { push_time: time }) => <When time={time} /> },
        {
          key: "do",
          align: "right",
          render: (_, { name }) => (
            <Flex justify="end" gap={4}>
              <PullMenu repository={repository} reference={name} type={type} />
              <LinkButton type="text" to="/timeline" search={{ scope: `${repository}:${name}` }}>
                {t("timeline")}
              </LinkButton>
              {may("tag", "delete") && (
                <Button
                  type="text"
                  danger
                  icon={<DeleteOutlined />}
                  aria-label={t("deleteTag.of", { tag: name })}
                  onClick={() => deleteTag(repository, name)}
                />
              )}
            </Flex>
          ),
        },
      ]}
    />
  );
}
