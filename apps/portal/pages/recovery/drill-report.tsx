import type { Drill, DrillReport } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Alert, Card, Descriptions, Flex, Statistic } from "antd";
import { api } from "../../api.ts";
import { ExecutionProgress } from "../../parts/execution-progress.tsx";
import { Failure } from "../../parts/failure.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { jobLog } from "../../parts/task-log.ts";
import { bytesText, durationText, numberText, timeText } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";

const EVERY_MS = 1_000;

/** One drill: how it goes, and what it found. */
export default function DrillPage() {
  const t = useTexts("recovery");
  const { target, drill } = useParams({ strict: false }) as { target: string; drill: string };
  const params = { id: Number(target), execution_id: Number(drill) };
  const { data, error, refetch } = useQuery({
    queryKey: ["drills", params.id, params.execution_id],
    queryFn: async () => (await api.drills.get({ params })).body,
    refetchInterval: ({ state }) => (state.data?.status === "Running" ? EVERY_MS : false),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <>
      <PageHead
        title={t("drills.number", { id: data.id })}
        trail={[{ title: t("drills.title"), to: "/recovery/drills" }]}
        about={data.report?.target}
      />
      <Flex vertical gap={16}>
        <Card size="small">
          <ExecutionProgress
            run={{
              status: data.status,
              statusText: data.status === "Running" ? data.stage : data.status_text,
              startTime: data.start_time,
              endTime: data.end_time ?? undefined,
            }}
          />
        </Card>
        {data.report && <Report report={data.report} drill={data} />}
        {data.task_id !== null && <LogView source={jobLog(data.task_id)} label={t("log")} />}
      </Flex>
    </>
  );
}

function Report({ report, drill }: { readonly report: DrillReport; readonly drill: Drill }) {
  const t = useTexts("recovery");
  const language = useLanguage();
  const seconds = (value: number | null) =>
    value === null ? "–" : durationText(value * 1_000, language);
  const counted = (count: number, bytes: number) =>
    `${numberText(count, language)} · ${bytesText(bytes, language)}`;
  return (
    <>
      {report.problem_count === 0 ? (
        drill.status === "Success" && <Alert type="success" showIcon title={t("drill.passed")} />
      ) : (
        <Alert
          type="error"
          showIcon
          title={t("drill.problems", { count: report.problem_count })}
          description={
            <ul>
              {report.problems.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          }
        />
      )}
      <Flex gap={16} wrap>
        <Figure title={t("drills.recovery")} value={seconds(report.recovery_seconds)} />
        <Figure title={t("backups.loss")} value={seconds(report.loss_seconds)} />
        <Figure
          title={t("drill.verified")}
          value={counted(report.verified.blobs, report.verified.bytes)}
        />
        <Figure
          title={t("drill.pulled")}
          value={counted(report.pulled.images, report.pulled.bytes)}
        />
      </Flex>
      <Descriptions
        title={t("drill.restored")}
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          {
            key: "moment",
            label: t("drill.moment"),
            children: report.at ? `${timeText(report.at, language)} (seq ${report.seq})` : "–",
          },
          { key: "age", label: t("drill.age"), children: seconds(report.age_seconds) },
          { key: "snapshot", label: t("snapshot.id"), children: report.snapshot ?? "–" },
          { key: "tags", label: t("drill.tags"), children: numberText(report.tags, language) },
          {
            key: "manifests",
            label: t("drill.manifests"),
            children: numberText(report.manifests, language),
          },
          {
            key: "blobs",
            label: t("drill.blobs"),
            children: counted(report.blobs, report.bytes),
          },
        ]}
      />
    </>
  );
}

function Figure({ title, value }: { readonly title: string; readonly value: string }) {
  return (
    <Card size="small" style={{ flex: "1 1 200px" }}>
      <Statistic title={title} value={value} styles={{ content: { fontSize: 20 } }} />
    </Card>
  );
}
