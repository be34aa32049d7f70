import type { Execution } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";

/** Names of a plan that are shown before somebody agrees to their deletion. */
const SHOWN = 100;

/** Agrees to the deletions that a run was stopped before, by a new run of its policy. */
export function ApproveButton({ execution }: { readonly execution: Execution }) {
  const t = useTexts("replication");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { ask } = useDoing();
  const { id, policy_id: policyId, deletions_to_confirm: count = 0 } = execution;
  const approve = () =>
    ask(
      {
        title: t("held.ask", { count }),
        about: <Deletions executionId={id} />,
        action: t("held.agree", { count }),
        danger: true,
        wide: true,
      },
      async () => {
        const body = { policy_id: policyId, confirm_deletions: count };
        const { created } = await api.executions.start({ body });
        await queries.invalidateQueries({ queryKey: ["executions"] });
        await navigate({ to: `/replication/executions/${created}` });
      },
    );
  return (
    <Button danger onClick={approve}>
      {t("held.look")}
    </Button>
  );
}

/** The names that would go; a batch of events has no plan, and says so. */
function Deletions({ executionId }: { readonly executionId: number }) {
  const t = useTexts("replication");
  const { data, error } = useQuery({
    queryKey: ["executions", executionId, "plan", "delete"],
    queryFn: () =>
      api.plans.ofExecution({
        params: { id: executionId },
        query: { verdict: "delete", page_size: SHOWN },
      }),
    retry: false,
  });
  if (error) {
    const isPlanless = (error as { code?: string }).code === "NOT_FOUND";
    return isPlanless ? <>{t("held.noPlan")}</> : <Failure error={error} />;
  }
  if (!data) return <Waiting />;
  const { items } = data.body;
  const total = data.total ?? items.length;
  return (
    <>
      <ul style={{ maxHeight: 320, overflow: "auto" }}>
        {items.map(({ dst_resource: name }) => (
          <li key={name} className="code">
            {name}
          </li>
        ))}
      </ul>
      {total > items.length && t("held.more", { count: total - items.length })}
    </>
  );
}
