import type { Page } from "../../page.ts";

/** Projects, and what belongs to one; see tabs.ts. */
export const projectPages: readonly Page[] = [
  { path: "/projects", load: () => import("./projects.tsx") },
  { path: "/projects/$project", load: () => import("./repositories.tsx") },
  { path: "/projects/$project/members", load: () => import("./members.tsx") },
  { path: "/projects/$project/logs", load: () => import("./logs.tsx") },
  { path: "/projects/$project/robots", load: () => import("./robots.tsx") },
  { path: "/projects/$project/labels", load: () => import("./labels.tsx") },
  { path: "/projects/$project/policies", load: () => import("./policies.tsx") },
  { path: "/projects/$project/settings", load: () => import("./settings.tsx") },
];
