import type { Label } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { ColorPicker, Form, Input, Modal } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { EnterSubmits } from "../../parts/enter-submits.tsx";
import { useTexts } from "../../texts.ts";

interface Fields {
  readonly name: string;
  readonly description: string;
  readonly color: string;
}

const FIRST_COLOUR = "#0b6e7f";

/** Whose labels: those of a project, or of the whole registry (null). */
export function placeOf(projectId: number | null) {
  return projectId === null
    ? ({ scope: "g" } as const)
    : ({ scope: "p", project_id: projectId } as const);
}

/** A form for a label of a project, or of the whole registry (null): `label`, or a new one. */
export function LabelForm({
  projectId,
  label,
  close,
}: {
  readonly projectId: number | null;
  readonly label: Label | null;
  readonly close: () => void;
}) {
  const t = useTexts("projects");
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const { run } = useDoing();

  async function save(body: Fields): Promise<void> {
    setBusy(true);
    const act = () =>
      label
        ? api.labels.update({ params: { label_id: label.id }, body })
        : api.labels.create({ body: { ...body, ...placeOf(projectId) } });
    const done = await run(act, t("labels.saved", { name: body.name }));
    setBusy(false);
    if (!done) return;
    await queries.invalidateQueries({ queryKey: ["labels"] });
    void queries.invalidateQueries({ queryKey: ["artifacts"] });
    close();
  }

  const { name = "", description = "", color } = label ?? {};
  return (
    <Modal
      open
      title={label ? t("labels.edit", { name }) : t("labels.new")}
      okText={t("settings.save")}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={save}
        initialValues={{ name, description, color: color || FIRST_COLOUR }}
      >
        <Form.Item
          name="name"
          label={t("name")}
          rules={[{ required: true, max: 128, message: t("labels.nameMissing") }]}
        >
          <Input autoFocus maxLength={128} />
        </Form.Item>
        <Form.Item name="description" label={t("description")}>
          <Input maxLength={500} />
        </Form.Item>
        <Form.Item
          name="color"
          label={t("labels.color")}
          getValueFromEvent={(value: { toHexString(): string }) => value.toHexString().slice(0, 7)}
        >
          <ColorPicker disabledAlpha showText />
        </Form.Item>
        <EnterSubmits />
      </Form>
    </Modal>
  );
}
