import type { BackupTarget } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Alert, Button, Descriptions, Dropdown, Flex, Tabs } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { CronText } from "../../parts/cron-input.tsx";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { DrillTable } from "./drill-table.tsx";
import { RestorePlanDrawer } from "../../parts/restore-plan.tsx";
import { LossWindow } from "./loss-window.tsx";
import { RestoreCommands } from "./restore-commands.tsx";
import { Snapshots } from "./snapshots.tsx";
import { TargetGrowth } from "./target-growth.tsx";
import { TargetForm } from "./target-form.tsx";
import { TargetRuns } from "./target-runs.tsx";
import { targetOf } from "./targets.ts";

/** One backup target: how far it is, its runs, what it holds, and what a restore would take. */
export default function BackupTargetPage() {
  const t = useTexts("recovery");
  const { target: id } = useParams({ strict: false }) as { target: string };
  const { data: target, error, refetch } = useQuery(targetOf(Number(id)));
  const search: { tab?: string; edit?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (change: object) =>
    void navigate({ to: ".", search: ((old: object) => ({ ...old, ...change })) as never });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!target) return <Waiting />;
  const tabs = [
    { key: "runs", label: t("target.runs"), children: <TargetRuns target={target} /> },
    { key: "snapshots", label: t("target.snapshots"), children: <Snapshots target={target} /> },
    { key: "growth", label: t("storage.growth"), children: <TargetGrowth target={target} /> },
    { key: "drills", label: t("drills.title"), children: <DrillTable targets={[target]} /> },
    { key: "restore", label: t("target.restore"), children: <RestoreCommands target={target} /> },
  ];
  return (
    <>
      <PageHead
        title={target.name}
        trail={[{ title: t("backups.title"), to: "/recovery/backups" }]}
        about={target.description}
        actions={<TargetActions target={target} edit={() => show({ edit: "target" })} />}
      />
      {target.last_error && (
        <Alert
          type="error"
          showIcon
          title={<ServerWords>{target.last_error}</ServerWords>}
          style={{ marginBottom: 16 }}
        />
      )}
      <About target={target} />
      <Tabs
        activeKey={tabs.some(({ key }) => key === search.tab) ? search.tab! : "runs"}
        onChange={(tab) => show({ tab })}
        items={tabs}
        destroyOnHidden
      />
      <TargetForm
        open={search.edit === "target"}
        close={() => show({ edit: undefined })}
        target={target}
      />
      <RestorePlanDrawer />
    </>
  );
}

function About({ target }: { readonly target: BackupTarget }) {
  const t = useTexts("recovery");
  const { newest } = target;
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, md: 2 }}
      style={{ marginBottom: 8 }}
      items={[
        {
          key: "address",
          label: t("backups.address"),
          children: <span className="code">{target.address}</span>,
        },
        { key: "newest", label: t("backups.newest"), children: <When time={newest?.at} /> },
        {
          key: "loss",
          label: t("backups.loss"),
          children: <LossWindow newest={newest?.at ?? null} behindSince={target.behind_since} />,
        },
        {
          key: "schedule",
          label: t("backups.schedule"),
          children: target.cron ? (
            <CronText cron={target.cron} zone={target.time_zone} />
          ) : (
            t("schedule.off")
          ),
        },
        {
          key: "continuous",
          label: t("backups.continuous"),
          children: target.continuous ? t("yes") : t("no"),
        },
        {
          key: "drills",
          label: t("target.drills"),
          children: target.drill_cron ? (
            <CronText cron={target.drill_cron} zone={target.time_zone} />
          ) : (
            t("schedule.off")
          ),
        },
        {
          key: "scope",
          label: t("target.scope"),
          children: target.scope.length > 0 ? target.scope.join(", ") : t("checks.everything"),
        },
        {
          key: "encrypted",
          label: t("backups.encrypted"),
          children: target.recipients.length > 0 ? target.recipients.join(", ") : t("no"),
        },
        {
          key: "rate",
          label: t("target.rate"),
          children:
            target.bytes_per_second > 0 ? (
              <>
                <Bytes value={target.bytes_per_second} />
                /s
              </>
            ) : (
              t("target.noLimit")
            ),
        },
      ]}
    />
  );
}

function TargetActions({
  target,
  edit,
}: {
  readonly target: BackupTarget;
  readonly edit: () => void;
}) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const params = { id: target.id };
  const start = (act: () => Promise<unknown>, done: string) =>
    void run(async () => {
      await act();
      await queries.invalidateQueries({ queryKey: ["backups"] });
    }, done);
  const prune = () =>
    run(async () => {
      const { removed, kept } = (await api.backups.prunePlan({ params })).body;
      ask(
        {
          title: t("prune.title", { count: removed.length }),
          about: (
            <>
              <p>{t("prune.kept", { count: kept.length })}</p>
              <ul>
                {removed.map(({ id, at }) => (
                  <li key={id}>
                    {id} · <When time={at} />
                  </li>
                ))}
              </ul>
            </>
          ),
          action: t("prune.action"),
          danger: removed.length > 0,
        },
        () => api.backups.prune({ params }),
        t("started"),
      );
    });
  const remove = () =>
    ask(
      {
        title: t("target.remove", { name: target.name }),
        about: t("target.removeAbout", { address: target.address }),
        action: t("target.removeAction"),
        danger: true,
      },
      async () => {
        await api.backups.delete({ params });
        await queries.invalidateQueries({ queryKey: ["backups"] });
        await navigate({ to: "/recovery/backups" });
      },
      t("target.removed"),
    );
  const more: Readonly<Record<string, () => void>> = {
    full: () => start(() => api.backups.run({ params, body: { full: true } }), t("started")),
    verify: () => start(() => api.backups.verify({ params, body: { share: 1 } }), t("started")),
    some: () => start(() => api.backups.verify({ params, body: { share: 0.05 } }), t("started")),
    prune: () => void prune(),
    remove,
  };
  return (
    <Flex gap={8} wrap>
      <Button
        type="primary"
        onClick={() =>
          start(() => api.backups.run({ params, body: { full: false } }), t("started"))
        }
      >
        {t("target.run")}
      </Button>
      <Button onClick={edit}>{t("edit")}</Button>
      <Dropdown
        autoFocus
        trigger={["click"]}
        menu={{
          items: [
            { key: "full", label: t("target.full") },
            { key: "verify", label: t("target.verify") },
            { key: "some", label: t("target.verifySome") },
            { key: "prune", label: t("prune.open") },
            { type: "divider" },
            { key: "remove", label: t("target.removeAction"), danger: true },
          ],
          onClick: ({ key }) => more[key]?.(),
        }}
      >
        <Button>{t("more")}</Button>
      </Dropdown>
    </Flex>
  );
}
