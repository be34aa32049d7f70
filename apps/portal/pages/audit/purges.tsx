import type { Purge } from "@entrepot/api";
import { Button, Tag } from "antd";
import { useState } from "react";
import { api, routes } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { When } from "../../parts/units.tsx";
import { type Text, useTexts } from "../../texts.ts";
import { type AuditWords, useAuditWords } from "./audit-words.ts";
import { PurgeNow, PurgeSchedule } from "./purge-form.tsx";
import { ALL_TYPES, askedOf } from "./purge-parameters.ts";

const EVERY_MS = 3_000;
const EXAMPLE = "entrepot audit purge run --older-than 30d --types login,pull_artifact --dry-run";

/** Purges of the audit log: those that were, when one runs by itself, and one now. */
export default function Purges() {
  const t = useTexts("audit");
  const words = useAuditWords();
  const { run } = useDoing();
  const [open, setOpen] = useState<"now" | "schedule" | null>(null);
  const close = () => setOpen(null);
  const stop = (purge_id: number) =>
    void run(() => api.purges.stop({ params: { purge_id } }), t("purges.stopping"));
  return (
    <>
      <PageHead
        title={t("purges.title")}
        about={t("purges.about")}
        trail={[{ title: t("title"), to: "/audit" }]}
        actions={
          <>
            <Button onClick={() => setOpen("schedule")}>{t("purges.schedule")}</Button>
            <Button type="primary" onClick={() => setOpen("now")}>
              {t("purges.new")}
            </Button>
          </>
        }
      />
      <ApiTable<Purge>
        label={t("purges.title")}
        queryKey={["audit", "purges"]}
        load={({ page, page_size }) => api.purges.list({ query: { page, page_size } })}
        rowKey={({ id }) => id}
        refreshMs={EVERY_MS}
        columns={columnsOf(t, words, stop)}
        below={(purge) => <PurgeLog purge={purge} />}
        empty={
          <NothingYet title={t("purges.none")} commands={[EXAMPLE]}>
            {t("purges.noneAbout")}
          </NothingYet>
        }
      />
      {open === "now" && <PurgeNow close={close} />}
      {open === "schedule" && <PurgeSchedule close={close} />}
    </>
  );
}

function columnsOf(t: Text, words: AuditWords, stop: (id: number) => void): Columns<Purge> {
  return [
    {
      title: t("purges.number"),
      render: (_, purge) => (
        <>
          {purge.id} {askedOf(purge).dry && <Tag>{t("purges.dry")}</Tag>}
        </>
      ),
    },
    { title: t("purges.started"), render: (_, purge) => <When time={purge.creation_time} /> },
    {
      title: t("purges.trigger"),
      render: (_, { job_kind }) =>
        job_kind === "SCHEDULE" ? t("purges.scheduled") : t("purges.manual"),
    },
    {
      title: t("purges.types"),
      render: (_, purge) => {
        const { days, types } = askedOf(purge);
        const named = types.map((type) =>
          type === ALL_TYPES ? t("purges.all") : words.event(type),
        );
        return (
          <div style={{ maxWidth: 420, whiteSpace: "normal" }}>
            {named.map((name) => (
              <Tag key={name}>{name}</Tag>
            ))}
            <div>{t("purges.kept", { count: days })}</div>
          </div>
        );
      },
    },
    { title: t("purges.status"), render: (_, purge) => <StatusTag status={purge.job_status} /> },
    {
      title: "",
      render: (_, { id, job_status: status }) =>
        (status === "Running" || status === "Pending") && (
          <Button size="small" onClick={() => stop(id)}>
            {t("purges.stop")}
          </Button>
        ),
    },
  ];
}

function PurgeLog({ purge: { id } }: { readonly purge: Purge }) {
  const t = useTexts("audit");
  const params = { purge_id: id };
  return (
    <LogView
      label={t("purges.log", { id })}
      height={200}
      source={{
        name: `purge-${id}`,
        follow: (after, signal) =>
          api.events(routes.purges.log, { params, query: { after, follow: true }, signal }),
        text: (after) => api.purges.log({ params, query: { after } }),
      }}
    />
  );
}
