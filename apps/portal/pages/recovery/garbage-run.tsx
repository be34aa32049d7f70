import type { GarbageCollection, GarbageReport } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Alert, Button, Card, Flex, Table } from "antd";
import { api, routes } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ExecutionProgress } from "../../parts/execution-progress.tsx";
import { Failure } from "../../parts/failure.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Bytes, Count } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { isDryRun } from "./garbage-runs.ts";
import { HeldTable } from "./held-table.tsx";

const EVERY_MS = 1_000;
const isOpen = (status: string | undefined) => status === "Running" || status === "Pending";

/** One garbage collection: what it did or would do, and what is held by what. */
export default function GarbageRun() {
  const t = useTexts("recovery");
  const id = Number((useParams({ strict: false }) as { run: string }).run);
  const params = { gc_id: id };
  const { run } = useDoing();
  const { data, error, refetch } = useQuery({
    queryKey: ["garbage", id],
    queryFn: async () => (await api.garbage.get({ params })).body,
    refetchInterval: ({ state }) => (isOpen(state.data?.job_status) ? EVERY_MS : false),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  const log = {
    name: `garbage-${id}`,
    follow: (after: number, signal: AbortSignal) =>
      api.events(routes.garbage.log, { params, query: { after, follow: true }, signal }),
    text: (after: number) => api.garbage.log({ params, query: { after } }),
  };
  return (
    <>
      <PageHead
        title={t("garbage.number", { id })}
        trail={[{ title: t("garbage.title"), to: "/recovery/garbage" }]}
        actions={
          isOpen(data.job_status) && (
            <Button onClick={() => void run(() => api.garbage.stop({ params }), t("stopping"))}>
              {t("stop")}
            </Button>
          )
        }
      />
      <Flex vertical gap={16}>
        {isDryRun(data) && <Alert type="info" showIcon title={t("garbage.dryAbout")} />}
        <Card size="small">
          <ExecutionProgress run={runOf(data)} />
        </Card>
        {data.report && <Report report={data.report} />}
        <LogView source={log} label={t("log")} />
      </Flex>
    </>
  );
}

function runOf(data: GarbageCollection) {
  const ended = isOpen(data.job_status) ? {} : { endTime: data.update_time };
  return {
    status: data.job_status,
    statusText: isOpen(data.job_status) ? (data.stage ?? "") : "",
    startTime: data.creation_time,
    ...ended,
  };
}

interface Row {
  readonly key: string;
  readonly what: string;
  readonly about: string;
  readonly blobs: number;
  readonly bytes: number;
}

function Report({ report }: { readonly report: GarbageReport }) {
  const t = useTexts("recovery");
  const rows: Row[] = (["live", "quarantined", "waiting", "taken_back", "freed"] as const).map(
    (key) => ({
      key,
      what: t(`amount.${key}`),
      about: t(`amountAbout.${key}`),
      ...report[key],
    }),
  );
  return (
    <>
      <div className="sideways" tabIndex={0} role="region" aria-label={t("garbage.amounts")}>
        <Table<Row>
          aria-label={t("garbage.amounts")}
          title={() => t("garbage.amounts")}
          size="middle"
          dataSource={rows}
          pagination={false}
          columns={[
            { title: t("column.what"), dataIndex: "what" },
            { title: t("garbage.blobs"), render: (_, { blobs }) => <Count value={blobs} /> },
            { title: t("garbage.bytes"), render: (_, { bytes }) => <Bytes value={bytes} /> },
            { title: "", dataIndex: "about" },
          ]}
        />
      </div>
      <HeldTable held={report.held} />
    </>
  );
}
