import type { Project } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Alert } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { numberText } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { oneCause, undo } from "../../undo.ts";

/** Repositories that the plan names; more are counted. */
const NAMED = 8;

/**
 * Deletes a project after showing what goes with it, all of it as one act that the toast can take
 * back. `gone` is called when it is deleted.
 */
export function useDeletingProject() {
  const t = useTexts("projects");
  const language = useLanguage();
  const queries = useQueryClient();
  const { ask, failed, undoable } = useDoing();
  const refresh = () => queries.invalidateQueries();

  return async (project: Project, gone?: () => void): Promise<void> => {
    const { name } = project;
    const params = { project_name_or_id: name };
    const headers = { "x-is-resource-name": "true" };
    const query = { page_size: NAMED, sort: "name" };
    try {
      const { body, total } = await api.repositories.list({
        params: { project_name: name },
        query,
      });
      const count = total ?? body.length;
      const plan =
        count === 0 ? (
          t("delete.empty")
        ) : (
          <>
            <p>{t("delete.plan", { count, shown: numberText(count, language) })}</p>
            <ul>
              {body.map((repository) => (
                <li key={repository.id}>{repository.name}</li>
              ))}
              {count > NAMED && <li>{t("delete.more", { count: count - NAMED })}</li>}
            </ul>
            <Alert type="info" title={t("delete.undo")} />
          </>
        );
      const act = async () => {
        const { cause, headers: asOne } = oneCause();
        const reply = await api.projects.delete({
          params,
          query: { cascade: count > 0 },
          headers: { ...headers, ...asOne },
        });
        const told = reply.headers.get("entrepot-cause") ?? cause;
        gone?.();
        await refresh();
        const back = () => undo(told).then(refresh);
        undoable(t("delete.done", { name }), back, t("delete.undone", { name }));
      };
      const title = t("delete.ask", { name });
      ask({ title, about: plan, action: t("delete"), danger: true, wide: count > 0 }, act);
    } catch (error) {
      failed(error);
    }
  };
}
