import type { Page } from "../../page.ts";

/** What administrators set for the whole registry. */
export const settingsPages: readonly Page[] = [
  { path: "/settings", load: () => import("./settings.tsx"), sysadmin: true },
  { path: "/settings/$section", load: () => import("./settings.tsx"), sysadmin: true },
];
