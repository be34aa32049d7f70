import type { BinItem, BinKind } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Flex, Input, InputNumber, Popover, Select } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { KindName } from "../../parts/kind-name.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { RestorePlanDrawer } from "../../parts/restore-plan.tsx";
import { When } from "../../parts/units.tsx";
import { restoreNow, useRestoring } from "../../parts/use-restoring.ts";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";

const KINDS: readonly BinKind[] = ["project", "repository", "artifact", "tag"];

const keyOf = ({ resource_type, resource, before_seq }: BinItem) =>
  `${resource_type} ${resource} ${before_seq}`;
/** To where it was just before it was deleted; what came since stays. */
const requestOf = ({ resource, before_seq }: BinItem) => ({
  name: resource,
  at: `seq:${before_seq}`,
  keep_newer: true,
});

/** What was deleted and can be had back: of a project, or for administrators of everything. */
export default function Bin() {
  const t = useTexts("recovery");
  const { sysadmin } = usePerson();
  const search: { project?: string; kind?: BinKind } = useSearch({ strict: false });
  const [chosen, choose] = useState<readonly BinItem[]>([]);
  const project = search.project ? String(search.project) : undefined;
  const kind = KINDS.find((one) => one === search.kind);
  const query = { ...(project && { project }), ...(kind && { kind }) };
  return (
    <>
      <PageHead title={t("bin.title")} about={t("bin.about")} actions={sysadmin && <KeptFor />} />
      {project === undefined && !sysadmin ? (
        <>
          <Filters project={project} kind={kind} />
          <NothingYet title={t("bin.choose")}>{t("bin.chooseAbout")}</NothingYet>
        </>
      ) : (
        <ApiTable<BinItem>
          label={t("bin.title")}
          queryKey={["bin", project ?? "", kind ?? ""]}
          load={({ page, page_size }) => api.bin.list({ query: { page, page_size, ...query } })}
          rowKey={keyOf}
          columns={useColumns()}
          select={{
            chosen: chosen.map(keyOf),
            choose: (_, items) => choose(items),
          }}
          tools={
            <>
              <Filters project={project} kind={kind} />
              {chosen.length > 0 && <RestoreChosen items={chosen} done={() => choose([])} />}
            </>
          }
          empty={
            <>
              <Filters project={project} kind={kind} />
              <NothingYet title={t("bin.empty")}>{t("bin.emptyAbout")}</NothingYet>
            </>
          }
        />
      )}
      <RestorePlanDrawer />
    </>
  );
}

function Filters({
  project,
  kind,
}: {
  readonly project: string | undefined;
  readonly kind: BinKind | undefined;
}) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const show = (change: object) =>
    void navigate({
      to: ".",
      search: ((old: object) => ({ ...old, ...change, page: undefined })) as never,
    });
  return (
    <Flex gap={8} wrap>
      <Input.Search
        key={project}
        defaultValue={project}
        allowClear
        aria-label={t("bin.project")}
        placeholder={t("bin.project")}
        style={{ width: 220 }}
        onSearch={(name) => show({ project: name.trim() || undefined })}
      />
      <Select<BinKind | "">
        aria-label={t("bin.kind")}
        value={kind ?? ""}
        style={{ minWidth: 150 }}
        onChange={(value) => show({ kind: value || undefined })}
        options={[
          { value: "" as const, label: t("bin.kinds.all") },
          ...KINDS.map((value) => ({ value, label: t(`bin.kinds.${value}`) })),
        ]}
      />
    </Flex>
  );
}

function useColumns(): Columns<BinItem> {
  const t = useTexts("recovery");
  const { run } = useDoing();
  const { prepare } = useRestoring();
  return [
    {
      title: t("column.name"),
      render: (_, { resource_type, resource }) => <KindName kind={resource_type} name={resource} />,
    },
    { title: t("bin.deleted"), render: (_, { deletion_time }) => <When time={deletion_time} /> },
    { title: t("bin.by"), dataIndex: "deleted_by" },
    { title: t("bin.until"), render: (_, item) => <When time={item.restorable_until} /> },
    {
      title: t("column.action"),
      render: (_, item) => (
        <Button
          size="small"
          aria-label={t("bin.restoreOne", { name: item.resource })}
          onClick={() => void run(() => prepare(requestOf(item)))}
        >
          {t("bin.restore")}
        </Button>
      ),
    },
  ];
}

/** Several at once: each a restore of its own, all taken back together. */
function RestoreChosen({
  items,
  done,
}: {
  readonly items: readonly BinItem[];
  readonly done: () => void;
}) {
  const t = useTexts("recovery");
  const { ask, undoable } = useDoing();
  const { refresh } = useRestoring();
  const restore = async () => {
    const causes: string[] = [];
    try {
      for (const item of items) causes.push(`execution:${await restoreNow(requestOf(item))}`);
    } finally {
      await refresh();
      if (causes.length > 0) {
        const undo = async () => {
          for (const cause of causes.toReversed()) await restoreNow({ cause });
          await refresh();
        };
        undoable(t("bin.restored", { count: causes.length }), undo, t("bin.undone"));
      }
    }
    done();
  };
  return (
    <Button
      type="primary"
      onClick={() =>
        ask(
          {
            title: t("bin.restoreMany", { count: items.length }),
            about: (
              <ul style={{ maxHeight: 240, overflow: "auto", paddingInlineStart: 20 }}>
                {items.map((item) => (
                  <li key={keyOf(item)}>{item.resource}</li>
                ))}
              </ul>
            ),
            action: t("bin.restoreAction"),
          },
          restore,
        )
      }
    >
      {t("bin.restoreMany", { count: items.length })}
    </Button>
  );
}

/** For how long deleted names can be had back, where their project says nothing else. */
function KeptFor() {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data } = useQuery({
    queryKey: ["bin", "settings"],
    queryFn: async () => (await api.bin.settings()).body.recovery_days,
  });
  const [days, setDays] = useState<number | null>(null);
  if (data === undefined) return null;
  const save = () =>
    run(async () => {
      await api.bin.change({ body: { recovery_days: days ?? data } });
      await queries.invalidateQueries({ queryKey: ["bin"] });
    }, t("saved"));
  return (
    <Popover
      trigger="click"
      content={
        <Flex gap={8}>
          <InputNumber
            aria-label={t("bin.days")}
            min={1}
            max={36_500}
            defaultValue={data}
            onChange={setDays}
          />
          <Button type="primary" onClick={() => void save()}>
            {t("save")}
          </Button>
        </Flex>
      }
    >
      <Button>{t("bin.keptFor", { count: data })}</Button>
    </Popover>
  );
}
