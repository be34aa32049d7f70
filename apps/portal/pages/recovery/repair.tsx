import type { RepairItem, RepairPlan } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Alert, Button, Flex, Tag } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { Bytes, Count } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";

const EVERY_MS = 1_000;
const ACT_COLOURS = {
  heal: "success",
  "set-aside": "warning",
  recount: "processing",
  correct: "processing",
  leave: "default",
};
const isOpen = ({ status }: RepairPlan) => status === "Running" || status === "Pending";

/** A repair's plan: reviewed, carried out, and verified by another check. */
export default function RepairPage() {
  const t = useTexts("recovery");
  const id = Number((useParams({ strict: false }) as { plan: string }).plan);
  const params = { id };
  const {
    data: plan,
    error,
    refetch,
  } = useQuery({
    queryKey: ["checks", "repair", id],
    queryFn: async () => (await api.repairs.get({ params })).body,
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? EVERY_MS : false),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!plan) return <Waiting />;
  const counts = Object.entries(plan.counts).filter(([, count]) => count > 0);
  return (
    <>
      <PageHead
        title={t("repair.title", { id })}
        trail={[
          { title: t("checks.title"), to: "/recovery/checks" },
          ...(plan.check_id > 0
            ? [
                {
                  title: t("checks.number", { id: plan.check_id }),
                  to: `/recovery/checks/${plan.check_id}`,
                },
              ]
            : []),
        ]}
        about={t("repair.about")}
        actions={<Actions plan={plan} />}
      />
      <Flex vertical gap={12}>
        <Flex gap={4} wrap align="center">
          {plan.status && <StatusTag status={plan.status} />}
          {counts.map(([act, count]) => (
            <Tag key={act} color={ACT_COLOURS[act as RepairItem["act"]]}>
              {t(`act.${act}`)} <Count value={count} />
            </Tag>
          ))}
        </Flex>
        {counts.length === 0 && <Alert type="info" showIcon title={t("repair.nothing")} />}
        <ApiTable<RepairItem>
          label={t("repair.title", { id })}
          queryKey={["checks", "repair", id, "items", plan.status, plan.outcomes]}
          load={({ page, page_size }) => api.repairs.items({ params, query: { page, page_size } })}
          rowKey={(item) => `${item.class} ${item.name}`}
          columns={columnsOf(t)}
        />
      </Flex>
    </>
  );
}

function Actions({ plan }: { readonly plan: RepairPlan }) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { ask, run } = useDoing();
  const params = { id: plan.id };
  const execute = async () => {
    await api.repairs.execute({ params });
    await queries.invalidateQueries({ queryKey: ["checks"] });
  };
  const verify = () =>
    run(async () => {
      const { scope } = (await api.checks.get({ params: { check_id: plan.check_id } })).body;
      const { created } = await api.checks.start({ body: { scope } });
      await navigate({ to: `/recovery/checks/${created}` as string });
    });
  if (isOpen(plan)) return null;
  if (plan.status === "Success") {
    return (
      <Button type="primary" onClick={() => void verify()}>
        {t("repair.verify")}
      </Button>
    );
  }
  const { leave = 0, ...acts } = plan.counts;
  const count = Object.values(acts).reduce((sum, n) => sum + n, 0);
  return (
    <Button
      type="primary"
      disabled={count === 0}
      onClick={() =>
        ask(
          {
            title: t("repair.ask", { count }),
            about: leave > 0 ? t("repair.leaves", { count: leave }) : t("repair.askAbout"),
            action: t("repair.execute"),
          },
          execute,
          t("started"),
        )
      }
    >
      {t("repair.execute")}
    </Button>
  );
}

function columnsOf(t: ReturnType<typeof useTexts>): Columns<RepairItem> {
  return [
    { title: t("checks.class"), render: (_, item) => <Tag>{t(`class.${item.class}`)}</Tag> },
    { title: t("column.name"), render: (_, { name }) => <span className="code">{name}</span> },
    { title: t("checks.size"), render: (_, { size }) => <Bytes value={size} /> },
    {
      title: t("repair.act"),
      render: (_, { act, why }) => (
        <>
          <Tag color={ACT_COLOURS[act]}>{t(`act.${act}`)}</Tag> {why}
        </>
      ),
    },
    { title: t("repair.copies"), render: (_, { copies }) => copies.join(", ") || "–" },
    {
      title: t("repair.outcome"),
      render: (_, { outcome, result }) => (
        <>
          {outcome && <Tag>{t(`outcome.${outcome}`)}</Tag>} {result}
        </>
      ),
    },
  ];
}
