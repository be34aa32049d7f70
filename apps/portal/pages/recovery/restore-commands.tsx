import type { BackupTarget } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex, Form, Input, Typography } from "antd";
import { useState } from "react";
import { useDoing } from "../../parts/ask.tsx";
import { Command } from "../../parts/copy.tsx";
import { MomentField } from "../../parts/moment.tsx";
import { type MomentText, seqOf } from "../../parts/moments.ts";
import { useRestoring } from "../../parts/use-restoring.ts";
import { useTexts } from "../../texts.ts";
import { restoreFlags } from "./target-address.ts";
import { endpointChoices } from "./targets.ts";

/** What a restore of a target takes: into this registry by a plan, elsewhere the exact commands. */
export function RestoreCommands({ target }: { readonly target: BackupTarget }) {
  const t = useTexts("recovery");
  const [moment, setMoment] = useState<MomentText | null>(null);
  const seq = moment === null ? null : seqOf(moment);
  const time = moment === null || seq !== null ? null : new Date(moment);
  const key = target.recipients.length > 0 ? " --key backup.key" : "";
  const point = moment === null ? "" : seq === null ? ` --at ${moment}` : ` --seq ${seq}`;
  const { data: endpoints = [] } = useQuery(endpointChoices);
  const { flags, login } = restoreFlags(target.address, endpoints);
  const restore = `entrepot restore ${flags} --data /var/lib/entrepot${key}${point}`;
  return (
    <Flex vertical gap={12} style={{ maxWidth: 900 }}>
      <Flex gap={8} wrap align="center">
        <span>{t("restore.moment")}</span>
        <MomentField value={moment} time={time} onChange={setMoment} />
        {moment !== null && <Button onClick={() => setMoment(null)}>{t("restore.newest")}</Button>}
      </Flex>
      <IntoThis target={target} moment={moment} />
      <Typography.Text strong>{t("restore.about")}</Typography.Text>
      {login && (
        <Step
          text={t("restore.login")}
          command="read -rs ENTREPOT_RESTORE_PASSWORD && export ENTREPOT_RESTORE_PASSWORD"
        />
      )}
      <Step text={t("restore.check")} command={`${restore} --dry-run`} />
      <Step text={t("restore.do")} command={`${restore} --secret-key-file secret.key`} />
      <Step text={t("restore.serve")} command="entrepot serve --data /var/lib/entrepot" />
      <Step text={t("restore.confirm")} command="entrepot backup confirm" />
      <Alert
        type="info"
        showIcon
        title={target.recipients.length > 0 ? t("restore.keysBoth") : t("restore.keys")}
      />
    </Flex>
  );
}

/** One project or repository out of the backup, into this registry that runs: planned first. */
function IntoThis({
  target,
  moment,
}: {
  readonly target: BackupTarget;
  readonly moment: MomentText | null;
}) {
  const t = useTexts("recovery");
  const { run } = useDoing();
  const { prepare } = useRestoring();
  const [busy, setBusy] = useState(false);
  const plan = async ({ name, into }: { name: string; into?: string }) => {
    setBusy(true);
    const request = { name: name.trim(), from: target.name, ...(into && { into: into.trim() }) };
    await run(() => prepare({ ...request, ...(moment !== null && { at: moment }) }));
    setBusy(false);
  };
  return (
    <>
      <Typography.Text strong>{t("restore.here")}</Typography.Text>
      <Form layout="inline" style={{ rowGap: 8 }} onFinish={plan}>
        <Form.Item
          name="name"
          rules={[{ required: true, message: t("restore.nameMissing") }]}
          style={{ minWidth: 240 }}
        >
          <Input aria-label={t("restore.name")} placeholder={t("restore.name")} />
        </Form.Item>
        <Form.Item name="into" style={{ minWidth: 240 }}>
          <Input aria-label={t("restore.into")} placeholder={t("restore.into")} />
        </Form.Item>
        <Button htmlType="submit" type="primary" loading={busy}>
          {t("restore.plan")}
        </Button>
      </Form>
    </>
  );
}

function Step({ text, command }: { readonly text: string; readonly command: string }) {
  return (
    <div>
      <Typography.Text type="secondary">{text}</Typography.Text>
      <Command text={command} />
    </div>
  );
}
