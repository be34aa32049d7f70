import type { Conflict, Policy } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Space } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Command, Digest } from "../../parts/copy.tsx";
import { useTexts } from "../../texts.ts";
import { commandFor, remedyOf, sendOurs, takeHere } from "./take-other.ts";

/** Leaves a conflict as it ended, or turns it round, and takes it off the list. */
export function ConflictActions({
  conflict,
  policy,
}: {
  readonly conflict: Conflict;
  readonly policy: Policy | undefined;
}) {
  const t = useTexts("replication");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const { id, loser, tag, repository } = conflict;
  const remedy = remedyOf(conflict, policy);
  const dismiss = async () => {
    await api.conflicts.dismiss({ params: { id } });
    await queries.invalidateQueries({ queryKey: ["conflicts"] });
  };
  const turn = async () => {
    if (remedy === "sent" && policy) await sendOurs(conflict, policy);
    else await takeHere(conflict);
    await dismiss();
  };
  const take = () => {
    const title = t("conflict.takeTitle", { tag: `${repository}:${tag}` });
    if (remedy === "there") {
      const about = (
        <>
          <p>{t("conflict.remedy.there")}</p>
          {loser !== null && <Command text={commandFor(conflict, policy)} />}
        </>
      );
      return ask({ title, about, action: t("conflict.dismiss"), wide: true }, dismiss);
    }
    const about = (
      <>
        <p>{loser === null ? t("conflict.takeDeletion") : t(`conflict.remedy.${remedy}`)}</p>
        {loser !== null && <Digest value={loser} />}
      </>
    );
    const question = { title, about, action: t("conflict.take"), danger: true };
    return ask(question, turn, t("conflict.taken", { tag }));
  };
  return (
    <Space>
      <Button onClick={() => void run(dismiss, t("conflict.dismissed"))}>
        {t("conflict.keep")}
      </Button>
      <Button onClick={take}>{t("conflict.take")}</Button>
    </Space>
  );
}
