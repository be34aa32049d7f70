import { useQuery } from "@tanstack/react-query";
import { partsOf } from "../../addresses.ts";
import { api } from "../../api.ts";

/** The two to compare where nobody has chosen: what was pushed last, and what before that. */
export interface Newest {
  readonly a: string;
  readonly b: string;
}

/**
 * A tag of each of the two artifacts of `repository` that were pushed last, the older one first.
 * Null if it is not `wanted`, not known yet, or there are no two.
 */
export function useNewest(repository: string, wanted: boolean): Newest | null {
  const { project, rest } = partsOf(repository);
  const { data } = useQuery({
    queryKey: ["tags", "newest", repository],
    enabled: wanted,
    queryFn: async (): Promise<Newest | null> => {
      const params = { project_name: project, repository_name: rest };
      const query = { q: "tags=*", sort: "-push_time", page_size: 2 };
      const { body } = await api.artifacts.list({ params, query });
      const [b, a] = body.map(({ tags }) => tags[0]?.name);
      return a && b ? { a, b } : null;
    },
  });
  return wanted ? (data ?? null) : null;
}
