import type { BackupTarget } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Alert, Button, Tag, Typography } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { CronText } from "../../parts/cron-input.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { Allowed } from "./allowed.tsx";
import { LossWindow } from "./loss-window.tsx";
import { TargetForm } from "./target-form.tsx";
import { allTargets } from "./targets.ts";

const EVERY_MS = 10_000;

/** Where backups go, and how far each is. */
export default function Backups() {
  const t = useTexts("recovery");
  return (
    <Allowed probe={allTargets} title={t("backups.title")}>
      <AllBackups />
    </Allowed>
  );
}

function AllBackups() {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const search: { new?: string } = useSearch({ strict: false });
  const show = (open: boolean) =>
    void navigate({
      to: ".",
      search: ((old: object) => ({ ...old, new: open ? "target" : undefined })) as never,
    });
  const add = (
    <Button type="primary" onClick={() => show(true)}>
      {t("backups.new")}
    </Button>
  );
  return (
    <>
      <PageHead title={t("backups.title")} about={t("backups.about")} actions={add} />
      <Restored />
      <ApiTable<BackupTarget>
        label={t("backups.title")}
        queryKey={["backups", "list"]}
        load={({ page, page_size }) => api.backups.list({ query: { page, page_size } })}
        rowKey={({ id }) => id}
        refreshMs={EVERY_MS}
        columns={useColumns()}
        empty={
          <NothingYet
            title={t("backups.none")}
            commands={[
              "ENTREPOT_BACKUP_FOLDERS=/backup entrepot serve",
              "entrepot backup target create vault --to file:/backup/vault " +
                "--schedule '0 0 3 * * *' --continuous",
              "entrepot backup run vault --wait",
            ]}
            action={add}
          >
            {t("backups.noneAbout")}
          </NothingYet>
        }
      />
      <TargetForm open={search.new === "target"} close={() => show(false)} target={null} />
    </>
  );
}

function useColumns(): Columns<BackupTarget> {
  const t = useTexts("recovery");
  return [
    {
      title: t("column.name"),
      render: (_, { id, name, enabled, description }) => (
        <>
          <Link to={`/recovery/backups/${id}` as string}>{name}</Link>{" "}
          {!enabled && <Tag>{t("backups.off")}</Tag>}
          <div>
            <Typography.Text type="secondary">{description}</Typography.Text>
          </div>
        </>
      ),
    },
    {
      title: t("backups.address"),
      render: (_, { address, recipients }) => (
        <>
          <span className="code">{address}</span>{" "}
          {recipients.length > 0 && <Tag>{t("backups.encrypted")}</Tag>}
        </>
      ),
    },
    { title: t("backups.newest"), render: (_, { newest }) => <When time={newest?.at} /> },
    {
      title: t("backups.loss"),
      render: (_, { newest, behind_since }) => (
        <LossWindow newest={newest?.at ?? null} behindSince={behind_since} />
      ),
    },
    {
      title: t("backups.schedule"),
      render: (_, { cron, time_zone, continuous }) => (
        <>
          {continuous && <Tag color="processing">{t("backups.continuous")}</Tag>}
          {cron ? <CronText cron={cron} zone={time_zone} /> : !continuous && t("schedule.off")}
        </>
      ),
    },
    {
      title: t("backups.error"),
      render: (_, { last_error }) =>
        last_error && (
          <Typography.Text type="danger" ellipsis={{ tooltip: true }} style={{ maxWidth: 260 }}>
            <ServerWords>{last_error}</ServerWords>
          </Typography.Text>
        ),
    },
  ];
}

/** After a restore from a backup much is off, until somebody says that the old one is gone. */
function Restored() {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { ask } = useDoing();
  const { data } = useQuery({
    queryKey: ["backups", "restored"],
    queryFn: async () => {
      try {
        return (await api.backups.restored()).body;
      } catch (error) {
        if ((error as { code?: string }).code === "NOT_FOUND") return null;
        throw error;
      }
    },
  });
  if (!data) return null;
  const confirm = async () => {
    await api.backups.confirm();
    await queries.invalidateQueries();
  };
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t("restored.title")}
      description={t("restored.about", {
        policies: data.policies.join(", ") || "–",
        targets: data.targets.join(", ") || "–",
      })}
      action={
        <Button
          danger
          onClick={() =>
            ask(
              {
                title: t("restored.ask"),
                about: t("restored.askAbout"),
                action: t("restored.action"),
                danger: true,
              },
              confirm,
              t("restored.done"),
            )
          }
        >
          {t("restored.action")}
        </Button>
      }
    />
  );
}
