import type { RetentionPolicy } from "@entrepot/api";
import { Button, Card, Flex, Radio } from "antd";
import { useState } from "react";
import { CronInput, CronText } from "../../parts/cron-input.tsx";
import { useTexts } from "../../texts.ts";
import type { PolicyChange } from "./retention.tsx";

const FIRST_CRON = "0 0 3 * * *";

/** When a project's retention is applied by itself. */
export function RetentionSchedule({
  policy,
  save,
  editable,
}: {
  readonly policy: RetentionPolicy;
  readonly save: (change: PolicyChange) => Promise<boolean>;
  readonly editable: boolean;
}) {
  const t = useTexts("rules");
  const { cron: stored = "", time_zone: zone = "UTC" } = policy.trigger.settings ?? {};
  const [cron, setCron] = useState<string | null>(null);
  const shown = cron ?? stored;
  if (!editable) {
    return (
      <Card title={t("schedule")}>
        {stored ? <CronText cron={stored} zone={zone} /> : t("schedule.hand")}
      </Card>
    );
  }
  const store = async () => {
    const settings = { cron: shown, time_zone: zone };
    if (await save({ trigger: { kind: "Schedule", settings } })) setCron(null);
  };
  return (
    <Card title={t("schedule")}>
      <Flex vertical gap={12} align="start">
        <Radio.Group
          value={shown !== ""}
          onChange={({ target }) => setCron(target.value ? stored || FIRST_CRON : "")}
          options={[
            { value: false, label: t("schedule.hand") },
            { value: true, label: t("schedule.itself") },
          ]}
        />
        {shown !== "" && <CronInput value={shown} onChange={setCron} zone={zone} />}
        <Button type="primary" disabled={shown === stored} onClick={() => void store()}>
          {t("save")}
        </Button>
      </Flex>
    </Card>
  );
}
