import { useQuery } from "@tanstack/react-query";
import { api } from "./api.ts";

/** A project by its name, with its settings and the caller's role; for pages that are in one. */
export function useProject(name: string) {
  return useQuery({
    queryKey: ["projects", "one", name],
    queryFn: async () => {
      const params = { project_name_or_id: name };
      return (await api.projects.get({ params, headers: { "x-is-resource-name": "true" } })).body;
    },
  });
}
