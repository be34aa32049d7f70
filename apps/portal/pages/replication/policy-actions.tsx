import type { Policy } from "@entrepot/api";
import { PlayCircleOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Button, Tooltip } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Toggle } from "../../parts/toggle.tsx";
import { useTexts } from "../../texts.ts";
import { draftOf, policyOf } from "./policy-draft.ts";

/** Enables a policy, or pauses it: what is under way then stops, and its place is kept. */
export function EnabledSwitch({ policy }: { readonly policy: Policy }) {
  const t = useTexts("replication");
  const queries = useQueryClient();
  const change = async (enabled: boolean) => {
    const body = policyOf({ ...draftOf(policy), enabled });
    await api.policies.update({ params: { id: policy.id }, body });
    await queries.invalidateQueries({ queryKey: ["policies"] });
    void queries.invalidateQueries({ queryKey: ["lag"] });
  };
  return (
    <Toggle
      on={policy.enabled}
      label={t("policy.enable", { name: policy.name })}
      change={change}
      done={(enabled) => (enabled ? t("policy.resumed") : t("policy.paused"))}
    />
  );
}

/** Runs a policy now, and goes to the run. A paused one cannot. */
export function RunButton({
  policy,
  small = false,
}: {
  readonly policy: Policy;
  readonly small?: boolean;
}) {
  const t = useTexts("replication");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { run } = useDoing();
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    await run(async () => {
      const { created } = await api.executions.start({ body: { policy_id: policy.id } });
      void queries.invalidateQueries({ queryKey: ["executions"] });
      await navigate({ to: `/replication/executions/${created}` });
    }, t("policy.started"));
    setBusy(false);
  };
  return (
    <Tooltip title={policy.enabled ? undefined : t("policy.pausedAbout")}>
      <Button
        icon={<PlayCircleOutlined />}
        type={small ? "text" : "default"}
        disabled={!policy.enabled}
        loading={busy}
        aria-label={t("policy.runNamed", { name: policy.name })}
        onClick={() => void start()}
      >
        {t("policy.run")}
      </Button>
    </Tooltip>
  );
}

/** Deletes a policy after asking, and goes to the list. */
export function useDeletion(policy: Policy): () => void {
  const t = useTexts("replication");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { ask } = useDoing();
  const { id, name } = policy;
  return () =>
    ask(
      {
        title: t("policy.removeTitle", { name }),
        about: t("policy.removeAbout"),
        action: t("policy.remove"),
        danger: true,
      },
      async () => {
        await api.policies.delete({ params: { id } });
        await navigate({ to: "/replication/policies" });
        await queries.invalidateQueries({ queryKey: ["policies"] });
      },
      t("policy.removed", { name }),
    );
}
