import type { BusyWorker, WorkerPool } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Drawer, Flex, Grid, Space, Table, Tag, Typography } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { jobLog } from "../../parts/task-log.ts";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { useKindText } from "./kinds.tsx";

/** The processes that work, and what they are at, each with its log. */
export function Running() {
  const t = useTexts("jobs");
  const navigate = useNavigate();
  const wide = Grid.useBreakpoint().md ?? true;
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const show = (job: string | undefined) =>
    void navigate({ to: ".", search: { ...search, job } as never });
  const job = Number(search["job"]) || null;
  return (
    <Flex vertical gap={8}>
      <Pools />
      <Jobs open={show} />
      <Drawer
        open={job !== null}
        onClose={() => show(undefined)}
        size={wide ? 760 : "100%"}
        destroyOnHidden
        title={t("job.title", { id: job ?? "" })}
      >
        {job !== null && <LogView source={jobLog(job)} label={t("job.log")} height={560} />}
      </Drawer>
    </Flex>
  );
}

function Pools() {
  const t = useTexts("jobs");
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs", "pools"],
    queryFn: async () => (await api.jobservice.pools()).body,
    refetchInterval: 5_000,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  return (
    <>
      <Typography.Title level={2} style={{ fontSize: 17, margin: 0 }}>
        {t("pools.title")}
      </Typography.Title>
      <Table<WorkerPool>
        size="middle"
        aria-label={t("pools.title")}
        dataSource={data ?? []}
        loading={data === undefined}
        rowKey={({ worker_pool_id: id }) => id}
        pagination={false}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t("pool.host"),
            key: "host",
            render: (_, { host, pid }) => (
              <span className="code">
                {host} · {pid}
              </span>
            ),
          },
          { title: t("pool.workers"), key: "workers", dataIndex: "concurrency", align: "right" },
          {
            title: t("pool.state"),
            key: "state",
            render: (_, { draining }) =>
              draining ? (
                <Tag color="warning">{t("pool.draining")}</Tag>
              ) : (
                <Tag color="success">{t("pool.up")}</Tag>
              ),
          },
          {
            title: t("pool.since"),
            key: "since",
            render: (_, { start_at: at }) => <When time={at} />,
          },
          {
            title: t("pool.heard"),
            key: "heard",
            render: (_, { heartbeat_at: at }) => <When time={at} />,
          },
        ]}
      />
    </>
  );
}

function Jobs({ open }: { readonly open: (id: string) => void }) {
  const t = useTexts("jobs");
  const kindText = useKindText();
  const queries = useQueryClient();
  const { ask } = useDoing();
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs", "running"],
    queryFn: async () => (await api.jobservice.workers({ params: { pool_id: "all" } })).body,
    refetchInterval: 2_000,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  const stop = (id: string) =>
    ask(
      {
        title: id === "all" ? t("job.stopAll") : t("job.stopOne", { id }),
        about: t("job.stopAbout"),
        action: t("job.stop"),
        danger: true,
      },
      async () => {
        await api.jobservice.stop({ params: { job_id: id }, body: { action: "stop" } });
        await queries.invalidateQueries({ queryKey: ["jobs"] });
      },
      t("job.stopped"),
    );
  return (
    <>
      <Flex justify="space-between" align="center" wrap gap={8} style={{ marginTop: 16 }}>
        <Typography.Title level={2} style={{ fontSize: 17, margin: 0 }}>
          {t("running.now")}
        </Typography.Title>
        <Button danger disabled={!data || data.length === 0} onClick={() => stop("all")}>
          {t("job.stopAllAction")}
        </Button>
      </Flex>
      <Table<BusyWorker>
        size="middle"
        aria-label={t("running.now")}
        dataSource={data ?? []}
        loading={data === undefined}
        rowKey={({ id }) => id}
        pagination={{ defaultPageSize: 50, hideOnSinglePage: true }}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: t("running.none") }}
        columns={[
          { title: t("job.id"), key: "id", render: (_, { job_id: id }) => `#${id}` },
          { title: t("kind"), key: "kind", render: (_, { job_name: kind }) => kindText(kind) },
          { title: t("job.stage"), key: "stage", dataIndex: "check_in" },
          {
            title: t("job.since"),
            key: "since",
            render: (_, { start_at: at }) => <When time={at} />,
          },
          {
            key: "actions",
            align: "right",
            render: (_, { job_id: id }) => (
              <Space>
                <Button onClick={() => open(id)}>{t("job.log")}</Button>
                <Button danger onClick={() => stop(id)}>
                  {t("job.stop")}
                </Button>
              </Space>
            ),
          },
        ]}
      />
    </>
  );
}
