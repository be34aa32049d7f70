import type { BackupTarget } from "@entrepot/api";
import { queryOptions } from "@tanstack/react-query";
import { api } from "../../api.ts";

/** All backup targets. */
export const allTargets = queryOptions({
  queryKey: ["backups", "all"],
  queryFn: async () => (await api.backups.list({ query: { page_size: 100 } })).body,
});

/** One backup target. */
export const targetOf = (id: number) =>
  queryOptions<BackupTarget>({
    queryKey: ["backups", "target", id],
    queryFn: async () => (await api.backups.get({ params: { id } })).body,
    refetchInterval: 10_000,
  });

/** The registry endpoints that there are. */
export const endpointChoices = queryOptions({
  queryKey: ["endpoints", "choices"],
  queryFn: async () => (await api.registries.list({ query: { page_size: 100 } })).body,
});
