import type { Label } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { ColorPicker, Form, Input } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
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
  const queries = useQueryClient();
  const { run } = useDoing();

  async function save(body: Fields): Promise<boolean> {
    const act = () =>
      label
        ? api.labels.update({ params: { label_id: label.id }, body })
        : api.labels.create({ body: { ...body, ...placeOf(projectId) } });
    const done = await run(act, t("labels.saved", { name: body.name }));
    if (done) {
      await queries.invalidateQueries({ queryKey: ["labels"] });
      void queries.invalidateQueries({ queryKey: ["artifacts"] });
    }
    return done;
  }

  const { name = "", description = "", color } = label ?? {};
  return (
    <FormModal<Fields>
      title={label ? t("labels.edit", { name }) : t("labels.new")}
      action={t("settings.save")}
      first={{ name, description, color: color || FIRST_COLOUR }}
      submit={save}
      close={close}
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
    </FormModal>
  );
}
