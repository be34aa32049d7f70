import type { Page } from "../../page.ts";

/** Oneself, and for administrators everybody else. */
export const peoplePages: readonly Page[] = [
  { path: "/profile", load: () => import("./profile.tsx") },
  { path: "/people/users", load: () => import("./users.tsx"), sysadmin: true },
  { path: "/people/groups", load: () => import("./groups.tsx"), sysadmin: true },
  { path: "/people/robots", load: () => import("./robots.tsx"), sysadmin: true },
];
