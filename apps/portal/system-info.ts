import { queryOptions } from "@tanstack/react-query";
import { api } from "./api.ts";

/** What this registry is, and what it tells everybody. Asked again every minute. */
export const systemInfo = queryOptions({
  queryKey: ["systeminfo"],
  queryFn: async () => (await api.system.info()).body,
  staleTime: 30_000,
  refetchInterval: 60_000,
});
