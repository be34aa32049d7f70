import type { BackupTarget } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Alert, Button, Form, InputNumber, Select } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { CronText } from "../../parts/cron-input.tsx";
import { Failure } from "../../parts/failure.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { DrillTable } from "./drill-table.tsx";
import { allTargets } from "./targets.ts";

/** Trial restores: that what is backed up comes back, and how long that takes. */
export default function Drills() {
  const t = useTexts("recovery");
  const search: { new?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const { data: targets, error, refetch } = useQuery(allTargets);
  const show = (open: boolean) =>
    void navigate({
      to: ".",
      search: ((old: object) => ({ ...old, new: open ? "drill" : undefined })) as never,
    });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!targets) return <Waiting />;
  return (
    <>
      <PageHead
        title={t("drills.title")}
        about={t("drills.about")}
        actions={
          targets.length > 0 && (
            <Button type="primary" onClick={() => show(true)}>
              {t("drills.new")}
            </Button>
          )
        }
      />
      {targets.length === 0 ? (
        <NothingYet
          title={t("backups.none")}
          action={<Link to="/recovery/backups">{t("backups.title")}</Link>}
        >
          {t("drills.needsBackup")}
        </NothingYet>
      ) : (
        <>
          <Schedules targets={targets} />
          <DrillTable targets={targets} />
          <NewDrill open={search.new === "drill"} close={() => show(false)} targets={targets} />
        </>
      )}
    </>
  );
}

/** When each target is tried by itself; set where the target is. */
function Schedules({ targets }: { readonly targets: readonly BackupTarget[] }) {
  const t = useTexts("recovery");
  return (
    <Alert
      type="info"
      style={{ marginBottom: 16 }}
      title={t("drills.schedules")}
      description={targets.map(({ id, name, drill_cron, time_zone }) => (
        <div key={id}>
          <Link to={`/recovery/backups/${id}` as string} search={{ edit: "target" } as never}>
            {name}
          </Link>
          {": "}
          {drill_cron ? <CronText cron={drill_cron} zone={time_zone} /> : t("schedule.off")}
        </div>
      ))}
    />
  );
}

function NewDrill({
  open,
  close,
  targets,
}: {
  readonly open: boolean;
  readonly close: () => void;
  readonly targets: readonly BackupTarget[];
}) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const { run } = useDoing();
  return (
    <FormModal<{ target: number; percent: number; samples: number }>
      open={open}
      title={t("drills.new")}
      action={t("drills.start")}
      first={{ target: targets[0]?.id, percent: 100, samples: 20 }}
      submit={({ target, percent, samples }) =>
        run(async () => {
          const body = { share: percent / 100, samples };
          const { created } = await api.drills.run({ params: { id: target }, body });
          await navigate({ to: `/recovery/drills/${target}/${created}` as string });
        })
      }
      close={close}
    >
      <Form.Item name="target" label={t("drills.target")}>
        <Select options={targets.map(({ id, name }) => ({ value: id, label: name }))} />
      </Form.Item>
      <Form.Item name="percent" label={t("drills.share")} extra={t("drills.shareHint")}>
        <InputNumber min={0} max={100} suffix="%" />
      </Form.Item>
      <Form.Item name="samples" label={t("drills.samples")} extra={t("drills.samplesHint")}>
        <InputNumber min={0} max={10_000} precision={0} />
      </Form.Item>
    </FormModal>
  );
}
