import type { Policy } from "@entrepot/api";
import { CronText } from "../../parts/cron-input.tsx";
import { useTexts } from "../../texts.ts";

/** When a policy runs, in words. */
export function TriggerView({ policy: { trigger } }: { readonly policy: Pick<Policy, "trigger"> }) {
  const t = useTexts("replication");
  const { cron, time_zone: zone } = trigger.trigger_settings ?? {};
  if (trigger.type !== "scheduled") return <>{t(`trigger.${trigger.type}`)}</>;
  return <CronText cron={cron ?? ""} zone={zone ?? "UTC"} />;
}
