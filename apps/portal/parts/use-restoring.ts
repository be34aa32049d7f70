import type { NewRestore } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { api } from "../api.ts";

/** What a restore may change the answers of. */
const CHANGED = ["history", "bin", "projects", "repositories", "artifacts", "tags", "members"];

/** Plans of restores, as they stand in the address: `plan=12` opens it. */
export function useRestoring() {
  const search: { plan?: string | number } = useSearch({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const open = useCallback(
    (plan: number | undefined) =>
      void navigate({ to: ".", search: ((old: object) => ({ ...old, plan })) as never }),
    [navigate],
  );
  return {
    /** The plan that is looked at; null: none. */
    plan: Number(search.plan) > 0 ? Number(search.plan) : null,
    open,
    /** Makes the plan, without doing anything, and opens it. Throws what the server refuses. */
    async prepare(request: NewRestore): Promise<void> {
      const { created } = await api.restores.create({ body: { ...request, dry_run: true } });
      open(Number(created));
    },
    /** Asks again for whatever a restore may have changed. */
    refresh: async () => {
      await Promise.all(CHANGED.map((area) => queries.invalidateQueries({ queryKey: [area] })));
    },
  };
}

/**
 * Does `request` at once and waits for its end: for one that undoes another, or brings one thing
 * back. Returns the execution's id. Throws what the server refuses, and what has failed.
 */
export async function restoreNow(request: NewRestore): Promise<number> {
  const { created } = await api.restores.create({ body: request });
  const params = { id: Number(created) };
  for (;;) {
    const { body } = await api.restores.get({ params });
    const { execution, objections } = body;
    if (execution && execution.status !== "Running") {
      if (execution.status === "Success") return execution.id;
      throw new Error(execution.status_text || execution.status);
    }
    if (!execution && objections.length > 0) throw new Error(objections.join(" "));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
