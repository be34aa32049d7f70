import { queryOptions } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { usePerson } from "../../session.ts";
import type { Scope } from "./scope.ts";

/** Bars of the band. */
const BARS = 120;
const PAGE = 50;

/**
 * What happened in `scope`, for whoever looks: administrators see deleted projects and the whole
 * registry too, everybody else a project that they may read.
 */
export function usePast(scope: Scope) {
  const { sysadmin } = usePerson();
  const { project, repository, tag } = scope;
  const names = { ...(repository && { repository }), ...(tag && { tag }) };
  const params = { project_name_or_id: project ?? "" };
  const headers = { "x-is-resource-name": "true" } as const;
  const whole = { ...(project && { project }) };
  const key = ["history", sysadmin, project ?? "", repository ?? "", tag ?? ""] as const;
  // A project's own rooms answer as those of the whole registry do.
  const ask = <Q extends object, R>(
    everywhere: (input: { query: Q & { project?: string } }) => Promise<R>,
    inProject: (input: { params: typeof params; headers: typeof headers; query: Q }) => Promise<R>,
    query: Q,
  ) =>
    sysadmin
      ? everywhere({ query: { ...query, ...whole } })
      : inProject({ params, headers, query });

  return {
    /** Whether there is something that may be asked about. */
    allowed: sysadmin || project !== undefined,

    band: (since: string | undefined) =>
      queryOptions({
        queryKey: [...key, "band", since ?? ""],
        queryFn: async () =>
          (
            await ask(api.history.band, api.projectHistory.band, {
              ...names,
              ...(since && { since }),
              bars: BARS,
            })
          ).body,
      }),

    diff: (from: string, last?: string) =>
      ask(api.history.diff, api.projectHistory.diff, {
        ...names,
        from,
        page_size: PAGE,
        ...(last && { last }),
      }),

    at: (at: string, kind: "tag" | "repository" | "project", last?: string) =>
      ask(api.history.at, api.projectHistory.at, {
        ...names,
        at,
        kind,
        page_size: PAGE,
        ...(last && { last }),
      }),

    list: (query: {
      until?: string;
      older_than?: number;
      newer_than?: number;
      page_size?: number;
      username?: string;
      cause?: string;
      deletions?: boolean;
    }) =>
      ask(api.history.list, api.projectHistory.list, {
        page_size: PAGE,
        ...names,
        ...query,
      }),

    key,
  };
}

/** What `usePast` gives. */
export type Past = ReturnType<typeof usePast>;
