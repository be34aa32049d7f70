import type { Page } from "../../page.ts";

/** The pages of this area. */
export const recoveryPages: readonly Page[] = [
  { path: "/recovery/bin", load: () => import("./bin.tsx") },
  { path: "/recovery/backups", load: () => import("./backups.tsx"), sysadmin: true },
  { path: "/recovery/backups/$target", load: () => import("./backup-target.tsx"), sysadmin: true },
  { path: "/recovery/drills", load: () => import("./drills.tsx"), sysadmin: true },
  {
    path: "/recovery/drills/$target/$drill",
    load: () => import("./drill-report.tsx"),
    sysadmin: true,
  },
  { path: "/recovery/checks", load: () => import("./checks.tsx"), sysadmin: true },
  { path: "/recovery/checks/$check", load: () => import("./check-report.tsx"), sysadmin: true },
  { path: "/recovery/repairs/$plan", load: () => import("./repair.tsx"), sysadmin: true },
  { path: "/recovery/garbage", load: () => import("./garbage.tsx"), sysadmin: true },
  { path: "/recovery/garbage/$run", load: () => import("./garbage-run.tsx"), sysadmin: true },
  { path: "/recovery/storage", load: () => import("./storage.tsx"), sysadmin: true },
];
