import type { BackupStanding, Overview, PolicyLag, RunningWork } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flex, Tag } from "antd";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { bytesText, durationText, When } from "../../parts/units.tsx";
import { Lines } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { AttentionList } from "./attention-list.tsx";
import { GrowthLine } from "./growth-line.tsx";
import { withNow } from "./growth-scale.ts";
import { Line, Panel, Quiet, Share } from "./panel.tsx";

const EVERY_MS = 10_000;
/** While something runs. */
const BUSY_MS = 2_000;
const POLICIES = 100;

/** For administrators: how everything stands. `bytes` is what storage holds. */
export default function Standing({ bytes }: { readonly bytes: number | undefined }) {
  const t = useTexts("home");
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs", "overview"],
    queryFn: async () => (await api.overview.get()).body,
    refetchInterval: ({ state }) => ((state.data?.running_total ?? 0) > 0 ? BUSY_MS : EVERY_MS),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  return (
    <>
      <AttentionList attention={data?.attention} />
      <Flex gap={16} wrap align="stretch">
        <Running overview={data} />
        <Backups backups={data?.backups} />
        <Lag />
        <Health />
        <Panel title={t("storage")} to="/recovery/storage" all={t("all")} wide>
          <Storage bytes={bytes} />
        </Panel>
      </Flex>
    </>
  );
}

function Running({ overview }: { readonly overview: Overview | undefined }) {
  const t = useTexts("home");
  return (
    <Panel title={t("running")} to="/jobs" all={t("all")}>
      {!overview && <Lines />}
      {overview?.running.length === 0 && <Quiet>{t("running.none")}</Quiet>}
      {overview?.running.slice(0, 6).map((work) => (
        <Work key={work.id} work={work} />
      ))}
      {overview && overview.running_total > 6 && (
        <Quiet>{t("running.more", { count: overview.running_total - 6 })}</Quiet>
      )}
    </Panel>
  );
}

function Work({ work }: { readonly work: RunningWork }) {
  const t = useTexts("home");
  const share =
    work.bytes_total > 0
      ? work.bytes_sent / work.bytes_total
      : work.tasks > 1
        ? work.tasks_done / work.tasks
        : null;
  const name = `${t(`vendor.${work.vendor_type}`)} ${work.subject}`;
  return (
    <div>
      <Line end={<When time={work.start_time} />}>
        <Link to={pathOf(work)}>{name}</Link> <Quiet>{work.stage}</Quiet>
      </Line>
      {share !== null && <Share value={share} label={name} />}
    </div>
  );
}

function pathOf({ vendor_type, vendor_id, id }: RunningWork): string {
  const paths: Readonly<Record<string, string>> = {
    REPLICATION: `/replication/executions/${id}`,
    BACKUP: `/recovery/backups/${vendor_id}`,
    DRILL: `/recovery/drills/${vendor_id}/${id}`,
    CHECK: `/recovery/checks/${id}`,
    GARBAGE_COLLECTION: `/recovery/garbage/${id}`,
  };
  return paths[vendor_type] ?? "/jobs";
}

function Backups({ backups }: { readonly backups: readonly BackupStanding[] | undefined }) {
  const t = useTexts("home");
  return (
    <Panel title={t("backup")} to="/recovery/backups" all={t("all")}>
      {!backups && <Lines />}
      {backups?.length === 0 && <Quiet>{t("backup.none")}</Quiet>}
      {backups?.map((target) => (
        <Target key={target.id} target={target} />
      ))}
    </Panel>
  );
}

function Target({ target }: { readonly target: BackupStanding }) {
  const t = useTexts("home");
  const language = useLanguage();
  const { newest, behind_since, drill } = target;
  const seconds = (value: number | null) =>
    value === null ? "–" : durationText(value * 1_000, language);
  const drillText = () => {
    if (!drill) return t("drill.none");
    const { recovery_seconds: recovery, loss_seconds: lost } = drill;
    // One that runs, or that came to nothing, has no figures: its status says enough.
    if (recovery === null) return t("drill.bare");
    return t("drill", { recovery: seconds(recovery), loss: seconds(lost) });
  };
  const loss =
    newest === null
      ? t("loss.all")
      : behind_since === null
        ? t("loss.none")
        : t("loss", { time: durationText(Date.now() - Date.parse(behind_since), language) });
  return (
    <div>
      <Line end={<Tag color={behind_since === null && newest ? "success" : "default"}>{loss}</Tag>}>
        <Link to={`/recovery/backups/${target.id}` as string}>{target.name}</Link>{" "}
        <Quiet>
          <When time={newest} />
        </Quiet>
      </Line>
      <Line end={drill && <StatusTag status={drill.status} />}>
        <Quiet>{drillText()}</Quiet>
      </Line>
    </div>
  );
}

function Lag() {
  const t = useTexts("home");
  const { data } = useQuery({
    queryKey: ["lag", "home"],
    queryFn: async () => (await api.standing.list({ query: { page_size: POLICIES } })).body,
    refetchInterval: EVERY_MS,
  });
  return (
    <Panel title={t("lag")} to="/replication/policies" all={t("all")}>
      {!data && <Lines />}
      {data?.length === 0 && <Quiet>{t("lag.no")}</Quiet>}
      <div style={{ maxHeight: 260, overflowY: "auto" }}>
        {data
          ?.toSorted((a, b) => b.lag_seconds - a.lag_seconds)
          .map((lag) => (
            <Policy key={lag.policy_id} lag={lag} />
          ))}
      </div>
    </Panel>
  );
}

function Policy({ lag }: { readonly lag: PolicyLag }) {
  const t = useTexts("home");
  const language = useLanguage();
  const behind = lag.lag_items + lag.unread_entries > 0;
  return (
    <Line
      end={
        behind ? (
          <Tag color={lag.lag_failing > 0 ? "error" : "processing"}>
            {t("lag.behind", {
              count: lag.lag_items,
              time: durationText(lag.lag_seconds * 1_000, language),
            })}
          </Tag>
        ) : (
          <Tag color="success">{t("lag.none")}</Tag>
        )
      }
    >
      <Link to={`/replication/policies/${lag.policy_id}` as string}>{lag.policy_name}</Link>{" "}
      <Quiet>
        → {lag.endpoint_name}
        {!lag.enabled && ` (${t("off")})`}
      </Quiet>
    </Line>
  );
}

function Health() {
  const t = useTexts("home");
  const { data, error } = useQuery({
    queryKey: ["jobs", "health"],
    queryFn: async () => (await api.system.health()).body,
    refetchInterval: EVERY_MS,
  });
  return (
    <Panel title={t("health")}>
      {error && <Failure error={error} />}
      {!data && !error && <Lines />}
      {data?.components.map(({ name, status, error: why }) => (
        <Line key={name} end={<StatusTag status={status} />}>
          {t(`component.${name}`)} <Quiet>{why}</Quiet>
        </Line>
      ))}
    </Panel>
  );
}

function Storage({ bytes }: { readonly bytes: number | undefined }) {
  const t = useTexts("home");
  const language = useLanguage();
  const { data } = useQuery({
    queryKey: ["quotas", "storage", 30],
    queryFn: async () => (await api.storageUse.total({ query: { days: 30 } })).body,
    staleTime: 60_000,
  });
  const total = data?.bytes ?? bytes;
  return (
    <>
      <Line end={total === undefined ? "–" : bytesText(total, language)}>{t("storage.total")}</Line>
      <Line end={data ? bytesText(data.history_bytes, language) : "–"}>{t("storage.history")}</Line>
      {data ? <GrowthLine samples={withNow(data.growth, data.bytes)} /> : <Lines />}
    </>
  );
}
