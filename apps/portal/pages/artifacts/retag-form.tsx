import type { Artifact } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Form, Input } from "antd";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";
import { oneCause, undo } from "../../undo.ts";

/** As the distribution specification has it. */
const TAG = /^\w[\w.-]{0,127}$/;

/** Gives an artifact another tag; one that is elsewhere is moved if that is confirmed. */
export function RetagForm({
  repository,
  artifact,
  close,
}: {
  readonly repository: string;
  readonly artifact: Pick<Artifact, "digest">;
  readonly close: () => void;
}) {
  const t = useTexts("artifacts");
  const queries = useQueryClient();
  const { ask, failed, undoable } = useDoing();
  const { project, rest } = partsOf(repository);
  const params = {
    project_name: project,
    repository_name: rest,
    reference: artifact.digest,
  };
  const refresh = async () => {
    await queries.invalidateQueries();
  };

  function told(tag: string, cause: string): void {
    void refresh();
    undoable(t("retag.done", { tag }), () => undo(cause).then(refresh), t("delete.undone"));
  }

  async function add({ tag }: { tag: string }): Promise<boolean> {
    const { cause, headers } = oneCause();
    try {
      await api.tags.create({ params, headers, body: { name: tag } });
      told(tag, cause);
      return true;
    } catch (error) {
      if ((error as { status?: number }).status === 409) move(tag);
      else failed(error);
      return false;
    }
  }

  const move = (tag: string) =>
    ask({ title: t("retag.move", { tag }), action: t("retag.doMove"), danger: true }, async () => {
      const { cause, headers } = oneCause();
      await api.artifacts.promote({ params, headers, body: { repository, tags: [tag] } });
      close();
      told(tag, cause);
    });

  return (
    <FormModal title={t("retag")} action={t("retag.do")} submit={add} close={close}>
      <Form.Item
        name="tag"
        label={t("retag.name")}
        rules={[
          { required: true, message: t("retag.missing") },
          { pattern: TAG, message: t("retag.wrong") },
        ]}
      >
        <Input autoFocus autoComplete="off" maxLength={128} />
      </Form.Item>
    </FormModal>
  );
}
