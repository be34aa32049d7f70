import type { JobQueue } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Flex, Space, Table, Tag } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { Count, durationText } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { useKindText } from "./kinds.tsx";

type Action = "stop" | "pause" | "resume";

/** What waits of each kind of work. Each queue, or all, can be paused, resumed and emptied. */
export function Queues() {
  const t = useTexts("jobs");
  const language = useLanguage();
  const kindText = useKindText();
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs", "queues"],
    queryFn: async () => (await api.jobservice.queues()).body,
    refetchInterval: 3_000,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <>
      <Flex gap={8} wrap style={{ marginBottom: 12 }}>
        <Actions type="all" count={data.reduce((sum, { count }) => sum + count, 0)} />
      </Flex>
      <Table<JobQueue>
        size="middle"
        aria-label={t("queues.title")}
        dataSource={data}
        rowKey={({ job_type: type }) => type}
        pagination={false}
        scroll={{ x: "max-content" }}
        columns={[
          { title: t("kind"), key: "kind", render: (_, { job_type: type }) => kindText(type) },
          {
            title: t("queue.count"),
            key: "count",
            align: "right",
            render: (_, { count }) => <Count value={count} />,
          },
          {
            title: t("queue.latency"),
            key: "latency",
            render: (_, { latency, count }) =>
              count > 0 && latency > 0 ? durationText(latency * 1_000, language) : "–",
          },
          {
            title: t("queue.state"),
            key: "state",
            render: (_, { paused }) =>
              paused ? (
                <Tag color="warning">{t("queue.paused")}</Tag>
              ) : (
                <Tag color="success">{t("queue.open")}</Tag>
              ),
          },
          {
            key: "actions",
            align: "right",
            render: (_, { job_type: type, paused, count }) => (
              <Actions type={type} paused={paused} count={count} />
            ),
          },
        ]}
      />
    </>
  );
}

/** What can be done with a queue, or with `all`: those have no one state. */
function Actions({
  type,
  paused,
  count,
}: {
  readonly type: string;
  readonly paused?: boolean;
  readonly count: number;
}) {
  const t = useTexts("jobs");
  const kindText = useKindText();
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const isAll = type === "all";
  const change = async (action: Action) => {
    await api.jobservice.changeQueue({ params: { job_type: type }, body: { action } });
    await queries.invalidateQueries({ queryKey: ["jobs"] });
  };
  const empty = () =>
    ask(
      {
        title: isAll ? t("queue.emptyAll") : t("queue.emptyOne", { kind: kindText(type) }),
        about: t("queue.emptyAbout", { count }),
        action: t("queue.empty"),
        danger: true,
      },
      () => change("stop"),
      t("queue.emptied"),
    );
  return (
    <Space wrap>
      {paused !== true && (
        <Button onClick={() => void run(() => change("pause"), t("queue.nowPaused"))}>
          {isAll ? t("queue.pauseAll") : t("queue.pause")}
        </Button>
      )}
      {paused !== false && (
        <Button onClick={() => void run(() => change("resume"), t("queue.nowOpen"))}>
          {isAll ? t("queue.resumeAll") : t("queue.resume")}
        </Button>
      )}
      {(isAll || count > 0) && (
        <Button danger disabled={count === 0} onClick={empty}>
          {t("queue.empty")}
        </Button>
      )}
    </Space>
  );
}
