import { useQuery } from "@tanstack/react-query";
import { api } from "./api.ts";
import { usePerson } from "./session.ts";

/**
 * What the caller may do in the whole registry, asked as `may("backup:read")`. Only for what to
 * offer: the server decides again. False until known.
 */
export function useSystemRights(): (right: string) => boolean {
  const { sysadmin } = usePerson();
  const { data } = useQuery({
    queryKey: ["users", "rights"],
    enabled: !sysadmin,
    queryFn: async () => {
      const query = { scope: "/system", relative: true };
      return (await api.users.permissions({ query })).body;
    },
  });
  const granted = new Set(data?.map(({ resource, action }) => `${resource}:${action}`));
  return (right) => sysadmin || granted.has(right);
}

/**
 * What the caller may do in project `id` (undefined: not known yet), asked as
 * `may("artifact", "delete")`. Only for what to offer: the server decides again. False until known.
 */
export function useMay(id: number | undefined): (resource: string, action: string) => boolean {
  const { sysadmin } = usePerson();
  const { data } = useQuery({
    queryKey: ["members", "permissions", id],
    enabled: !sysadmin && id !== undefined,
    queryFn: async () => {
      const query = { scope: `/project/${id}`, relative: true };
      return (await api.users.permissions({ query })).body;
    },
  });
  const granted = new Set(data?.map(({ resource, action }) => `${resource}:${action}`));
  return (resource, action) => sysadmin || granted.has(`${resource}:${action}`);
}
