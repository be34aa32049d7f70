import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { PAGES } from "./pages.ts";
import { Broken } from "./shell/broken.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { Shell } from "./shell/shell.tsx";
import { Waiting } from "./parts/waiting.tsx";
import { session } from "./session.ts";
import { localPath } from "./local-path.ts";

interface Context {
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: ({ to, failure }: Record<string, unknown>): { to: string; failure?: string } => ({
    to: localPath(to),
    ...(typeof failure === "string" && { failure }),
  }),
  component: lazyRouteComponent(() => import("./shell/login.tsx")),
});

/** Everything behind the login. Whoever is nobody is sent there, and comes back afterwards. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  component: Shell,
  async beforeLoad({ context, location }) {
    const person = await context.queries.ensureQueryData(session);
    if (person === null) throw redirect({ to: "/login", search: { to: location.href } });
  },
});

const pages = PAGES.map(({ path, load }) =>
  createRoute({ getParentRoute: () => signedIn, path, component: lazyRouteComponent(load) }),
);

/** The router over all pages. */
export function openRouter(queries: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([login, signedIn.addChildren(pages)]),
    context: { queries },
    defaultPreload: "intent",
    defaultPendingComponent: Waiting,
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
    // Values as they are: `?q=library` instead of quoted JSON.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const filled = Object.entries(search).filter(([, value]) => value !== undefined);
      const text = new URLSearchParams(filled.map(([k, v]) => [k, String(v)])).toString();
      return text === "" ? "" : `?${text}`;
    },
  });
}
