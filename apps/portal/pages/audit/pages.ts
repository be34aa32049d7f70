import type { Page } from "../../page.ts";

/** Who did what. */
export const auditPages: readonly Page[] = [
  { path: "/audit", load: () => import("./audit.tsx"), sysadmin: true },
  { path: "/audit/purges", load: () => import("./purges.tsx"), sysadmin: true },
];
