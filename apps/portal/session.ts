import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, takeCsrfToken } from "./api.ts";

/** Who is signed in, as far as pages need it. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly realname: string;
  readonly email: string;
  readonly sysadmin: boolean;
  /** Who judges the password. */
  readonly source: "local" | "ldap" | "oidc";
}

/** The caller; null for nobody. Any failure but "nobody" is thrown. */
export const session = queryOptions<Person | null>({
  queryKey: ["session"],
  queryFn: current,
  staleTime: 60_000,
});

async function current(): Promise<Person | null> {
  try {
    const { body } = await api.sessions.current();
    takeCsrfToken(body.csrf_token);
    return {
      id: body.user.user_id,
      name: body.user.username,
      realname: body.user.realname,
      email: body.user.email,
      sysadmin: body.user.sysadmin_flag || body.user.admin_role_in_auth,
      source: body.user.source,
    };
  } catch (error) {
    if ((error as { code?: string }).code === "UNAUTHORIZED") return null;
    throw error;
  }
}

/** Who is signed in. Only for pages behind the login, where there is somebody. */
export function usePerson(): Person {
  const { data } = useQuery(session);
  if (!data) throw new Error("nobody is signed in");
  return data;
}

/** Set while somebody has left by choice: whose session ended otherwise is told so. */
const LEFT = ["session", "left"];

/** Whether whoever was here has signed out. */
export function hasLeft(queries: QueryClient): boolean {
  return queries.getQueryData(LEFT) === true;
}

/** Signs in and out. Both forget everything that was loaded for whoever was here before. */
export function useSigning() {
  const queries = useQueryClient();
  return {
    async signIn(username: string, password: string): Promise<void> {
      await api.sessions.create({ body: { username, password } });
      queries.clear();
      await queries.fetchQuery(session);
    },
    async signOut(): Promise<void> {
      await api.sessions.revoke({ params: { session_id: "current" } });
      // The frame looks at the session, and leaves for the login; the rest nobody looks at then.
      queries.setQueryData(LEFT, true);
      queries.setQueryData(session.queryKey, null);
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== session.queryKey[0] });
    },
  };
}
