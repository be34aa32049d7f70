import type { RepositoryUse, StorageUse } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Card, Flex, Progress, Statistic, Table } from "antd";
import { lazy, Suspense } from "react";
import { api } from "../../api.ts";
import { ApiTable } from "../../parts/api-table.tsx";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Bytes, bytesText, Count } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { HeldTable } from "./held-table.tsx";
import { withNow } from "../home/growth-scale.ts";
import { allTargets } from "./targets.ts";

const Growth = lazy(() => import("./growth.tsx"));

type ProjectUse = StorageUse["projects"][number];

/** What storage is used for: by project and repository, of history, and in backups. */
export default function Storage() {
  const t = useTexts("recovery");
  const language = useLanguage();
  const { data, error, refetch } = useQuery({
    queryKey: ["quotas", "storage", 90],
    queryFn: async () => {
      const { body } = await api.storageUse.total({ query: { days: 90 } });
      return { ...body, growth: withNow(body.growth, body.bytes) };
    },
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  const live = data.bytes - data.history_bytes;
  return (
    <>
      <PageHead title={t("storage.title")} about={t("storage.about")} />
      <Flex vertical gap={16}>
        <Flex gap={16} wrap>
          <Figure title={t("storage.live")} value={bytesText(live, language)} />
          <Figure title={t("storage.history")} value={bytesText(data.history_bytes, language)} />
          <Figure title={t("storage.total")} value={bytesText(data.bytes, language)} />
        </Flex>
        <Card size="small" title={t("storage.growth")}>
          <Suspense fallback={<Waiting />}>
            <Growth samples={data.growth} />
          </Suspense>
        </Card>
        <Projects use={data} />
        {data.held && <HeldTable held={data.held} at={data.held_at} />}
        <BackupUse />
      </Flex>
    </>
  );
}

function Figure({ title, value }: { readonly title: string; readonly value: string }) {
  return (
    <Card size="small" style={{ flex: "1 1 180px" }}>
      <Statistic title={title} value={value} styles={{ content: { fontSize: 20 } }} />
    </Card>
  );
}

function Projects({ use }: { readonly use: StorageUse }) {
  const t = useTexts("recovery");
  const most = Math.max(1, ...use.projects.map(({ bytes }) => bytes));
  return (
    <Table<ProjectUse>
      aria-label={t("storage.projects")}
      title={() => t("storage.projects")}
      size="middle"
      dataSource={use.projects}
      rowKey={({ project }) => project}
      pagination={{ pageSize: 15, hideOnSinglePage: true }}
      scroll={{ x: "max-content" }}
      expandable={{ expandedRowRender: ({ project }) => <Repositories project={project} /> }}
      columns={[
        {
          title: t("column.name"),
          render: (_, { project }) => <Link to={`/projects/${project}` as string}>{project}</Link>,
        },
        {
          title: t("storage.repositories"),
          render: (_, row) => <Count value={row.repositories} />,
        },
        { title: t("storage.bytes"), render: (_, { bytes }) => <Bytes value={bytes} /> },
        { title: t("storage.history"), render: (_, row) => <Bytes value={row.history_bytes} /> },
        {
          title: t("storage.share"),
          render: (_, { bytes, project }) => (
            <Progress
              status="normal"
              percent={Math.round((bytes / most) * 100)}
              showInfo={false}
              size="small"
              style={{ width: 140 }}
              aria-label={project}
            />
          ),
        },
      ]}
    />
  );
}

function Repositories({ project }: { readonly project: string }) {
  const t = useTexts("recovery");
  return (
    <ApiTable<RepositoryUse>
      name={`of.${project}`}
      label={t("storage.of", { project })}
      queryKey={["quotas", "storage", "repositories", project]}
      load={({ page, page_size }) =>
        api.storageUse.repositories({
          params: { project_name_or_id: project },
          headers: { "x-is-resource-name": "true" },
          query: { page, page_size },
        })
      }
      rowKey={({ repository }) => repository}
      columns={[
        { title: t("storage.repository"), dataIndex: "repository" },
        { title: t("storage.bytes"), render: (_, { bytes }) => <Bytes value={bytes} /> },
        { title: t("storage.history"), render: (_, row) => <Bytes value={row.history_bytes} /> },
      ]}
    />
  );
}

/** What each backup target holds. */
function BackupUse() {
  const t = useTexts("recovery");
  const { data: targets = [] } = useQuery(allTargets);
  const { data: sizes = {} } = useQuery({
    queryKey: ["backups", "sizes", targets.map(({ id, newest }) => [id, newest?.seq])],
    queryFn: async () => {
      const found = await Promise.all(
        targets.map(async ({ id }) => {
          const { body } = await api.backups.snapshots({ params: { id } });
          return [id, body.reduce((sum, { bytes }) => sum + bytes, 0)] as const;
        }),
      );
      return Object.fromEntries(found) as Record<number, number>;
    },
    enabled: targets.length > 0,
  });
  if (targets.length === 0) return null;
  return (
    <Table
      aria-label={t("storage.backups")}
      title={() => t("storage.backups")}
      size="middle"
      dataSource={targets}
      rowKey={({ id }) => id}
      pagination={false}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t("column.name"),
          render: (_, { id, name }) => <Link to={`/recovery/backups/${id}` as string}>{name}</Link>,
        },
        {
          title: t("backups.address"),
          render: (_, { address }) => <span className="code">{address}</span>,
        },
        { title: t("storage.bytes"), render: (_, { id }) => <Bytes value={sizes[id]} /> },
      ]}
    />
  );
}
