import type { Page } from "../../page.ts";

/** Repositories and artifacts. The rest of an address is a name, slashes included. */
export const artifactPages: readonly Page[] = [
  { path: "/projects/$project/repositories/$", load: () => import("./repository.tsx") },
  { path: "/projects/$project/artifacts/$", load: () => import("./artifact.tsx") },
  { path: "/projects/$project/compare/$", load: () => import("./compare.tsx") },
];
