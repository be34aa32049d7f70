import type { Schedule } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, Button, Flex } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { CronText } from "../../parts/cron-input.tsx";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { timeText, When } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { useKindText } from "./kinds.tsx";

/** What is due when, and whether anything is: all schedules are paused and resumed together. */
export function Schedules() {
  const t = useTexts("jobs");
  const columns = useColumns();
  return (
    <>
      <Pause />
      <ApiTable<Schedule>
        label={t("schedules.title")}
        queryKey={["jobs", "schedules"]}
        load={({ page, page_size }) => api.jobservice.schedules({ query: { page, page_size } })}
        columns={columns}
        rowKey={({ id }) => id}
        refreshMs={10_000}
        empty={<NothingYet title={t("schedules.none")}>{t("schedules.noneAbout")}</NothingYet>}
      />
    </>
  );
}

function Pause() {
  const t = useTexts("jobs");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data, error } = useQuery({
    queryKey: ["jobs", "paused"],
    queryFn: async () =>
      (await api.jobservice.schedulesPaused({ params: { job_type: "all" } })).body.paused,
    refetchInterval: 10_000,
  });
  if (error) return <Failure error={error} />;
  if (data === undefined) return null;
  const change = (action: "pause" | "resume") =>
    run(
      async () => {
        const params = { job_type: "SCHEDULER" };
        await api.jobservice.changeQueue({ params, body: { action } });
        await queries.invalidateQueries({ queryKey: ["jobs"] });
      },
      action === "pause" ? t("schedules.nowPaused") : t("schedules.nowResumed"),
    );
  if (data) {
    return (
      <Alert
        type="warning"
        showIcon
        title={t("schedules.paused")}
        description={t("schedules.pausedAbout")}
        action={<Button onClick={() => void change("resume")}>{t("schedules.resume")}</Button>}
        style={{ marginBottom: 12 }}
      />
    );
  }
  return (
    <Flex style={{ marginBottom: 12 }}>
      <Button onClick={() => void change("pause")}>{t("schedules.pause")}</Button>
    </Flex>
  );
}

/** Where what is scheduled can be changed. */
function pageOf({ vendor_type: kind, vendor_id: id }: Schedule): string | null {
  if (kind === "REPLICATION") return `/replication/policies/${id}`;
  if (kind === "BACKUP") return "/recovery/backups";
  if (kind === "DRILL") return "/recovery/drills";
  if (kind === "CHECK") return "/recovery/checks";
  if (kind === "GARBAGE_COLLECTION") return "/recovery/garbage";
  return null;
}

function useColumns(): Columns<Schedule> {
  const t = useTexts("jobs");
  const language = useLanguage();
  const kindText = useKindText();
  return [
    {
      title: t("kind"),
      key: "kind",
      render: (_, schedule) => {
        const { vendor_type: kind, vendor_id: id } = schedule;
        const page = pageOf(schedule);
        const text = id > 0 ? t("schedule.of", { kind: kindText(kind), id }) : kindText(kind);
        return page === null ? text : <Link to={page}>{text}</Link>;
      },
    },
    {
      title: t("schedule.when"),
      key: "when",
      render: (_, { cron, time_zone: zone }) => <CronText cron={cron} zone={zone} />,
    },
    {
      title: t("schedule.next"),
      key: "next",
      render: (_, { next_at: at }) =>
        at === undefined ? (
          t("schedule.never")
        ) : (
          <>
            {timeText(at, language)} (<When time={at} />)
          </>
        ),
    },
    {
      title: t("schedule.changed"),
      key: "changed",
      render: (_, { update_time: at }) => <When time={at} />,
    },
  ];
}
