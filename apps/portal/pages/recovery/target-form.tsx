import type { BackupTarget, NewBackupTarget } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Drawer, Flex, Form, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ZoneInput } from "../../parts/cron-input.tsx";
import { RateInput } from "../../parts/rate-input.tsx";
import { useTexts } from "../../texts.ts";
import { OptionalCron } from "../../parts/optional-cron.tsx";
import { addressOf, type AddressParts, partsOf } from "./target-address.ts";
import { TargetPlace } from "./target-place.tsx";

/** What the form holds: an address in its parts. */
interface Fields extends Omit<NewBackupTarget, "address">, AddressParts {}

function fieldsOf(target: BackupTarget | null): Fields {
  return {
    name: target?.name ?? "",
    description: target?.description ?? "",
    enabled: target?.enabled ?? true,
    cron: target ? target.cron : "0 0 3 * * *",
    time_zone: target?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    continuous: target?.continuous ?? true,
    recipients: [...(target?.recipients ?? [])],
    scope: [...(target?.scope ?? [])],
    snapshot_every_days: target?.snapshot_every_days ?? 7,
    keep_last: target?.keep_last ?? null,
    keep_days: target?.keep_days ?? null,
    drill_cron: target?.drill_cron ?? "",
    ...partsOf(target?.address),
    bytes_per_second: target?.bytes_per_second ?? 0,
  };
}

function settingsOf({ kind, endpoint, place, ...fields }: Fields): NewBackupTarget {
  return {
    ...fields,
    address: addressOf({ kind, endpoint, place }),
    keep_last: fields.keep_last ?? null,
    keep_days: fields.keep_days ?? null,
  };
}

/** Makes a backup target, or changes `target`. */
export function TargetForm({
  open,
  close,
  target,
}: {
  readonly open: boolean;
  readonly close: () => void;
  readonly target: BackupTarget | null;
}) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);
  const save = async (fields: Fields) => {
    setBusy(true);
    const body = settingsOf({ ...fieldsOf(target), ...fields });
    const done = await run(
      () =>
        target
          ? api.backups.update({ params: { id: target.id }, body })
          : api.backups.create({ body }),
      t("saved"),
    );
    setBusy(false);
    if (!done) return;
    close();
    await queries.invalidateQueries({ queryKey: ["backups"] });
  };
  return (
    <Drawer
      open={open}
      onClose={close}
      size={Math.min(640, innerWidth)}
      title={target ? t("target.edit", { name: target.name }) : t("backups.new")}
      destroyOnHidden
      footer={
        <Flex gap={8} justify="end">
          <Button onClick={close}>{t("cancel")}</Button>
          <Button type="primary" loading={busy} onClick={() => form.submit()}>
            {t("save")}
          </Button>
        </Flex>
      }
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        initialValues={fieldsOf(target)}
        onFinish={(fields) => void save(fields)}
      >
        <Place isNew={target === null} />
        <When />
        <Kept />
      </Form>
    </Drawer>
  );
}

function Place({ isNew }: { readonly isNew: boolean }) {
  const t = useTexts("recovery");
  return (
    <>
      <Form.Item
        name="name"
        label={t("column.name")}
        extra={t("target.nameHint")}
        rules={[{ required: true, message: t("target.nameMissing") }]}
      >
        <Input />
      </Form.Item>
      <Form.Item name="description" label={t("target.description")}>
        <Input />
      </Form.Item>
      <TargetPlace isNew={isNew} />
      <Form.Item name="scope" label={t("target.scope")} extra={t("target.scopeHint")}>
        <Select
          mode="tags"
          disabled={!isNew}
          open={false}
          suffixIcon={null}
          placeholder={t("checks.everything")}
          tokenSeparators={[" ", ","]}
        />
      </Form.Item>
      <Form.Item
        name="recipients"
        label={t("target.recipients")}
        extra={t("target.recipientsHint")}
      >
        <Select
          mode="tags"
          disabled={!isNew}
          open={false}
          suffixIcon={null}
          placeholder="age1…"
          tokenSeparators={[" ", ","]}
        />
      </Form.Item>
    </>
  );
}

function When() {
  const t = useTexts("recovery");
  const zone = (Form.useWatch("time_zone") as string | undefined) ?? "UTC";
  return (
    <>
      <Form.Item name="enabled" label={t("target.enabled")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Form.Item
        name="continuous"
        label={t("backups.continuous")}
        extra={t("target.continuousHint")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      <Form.Item name="cron" label={t("backups.schedule")}>
        <OptionalCron zone={zone} label={t("backups.schedule")} />
      </Form.Item>
      <Form.Item name="drill_cron" label={t("target.drills")} extra={t("target.drillsHint")}>
        <OptionalCron zone={zone} label={t("target.drills")} />
      </Form.Item>
      <Form.Item name="time_zone" label={t("target.zone")}>
        <ZoneInput />
      </Form.Item>
    </>
  );
}

function Kept() {
  const t = useTexts("recovery");
  return (
    <>
      <Form.Item
        name="snapshot_every_days"
        label={t("target.snapshotEvery")}
        extra={t("target.snapshotHint")}
      >
        <InputNumber min={1} max={365} precision={0} />
      </Form.Item>
      <Form.Item name="keep_last" label={t("target.keepLast")} extra={t("target.keepHint")}>
        <InputNumber min={1} precision={0} placeholder={t("target.all")} />
      </Form.Item>
      <Form.Item name="keep_days" label={t("target.keepDays")}>
        <InputNumber min={1} precision={0} placeholder={t("target.all")} />
      </Form.Item>
      <Form.Item name="bytes_per_second" label={t("target.rate")}>
        <RateInput />
      </Form.Item>
    </>
  );
}
