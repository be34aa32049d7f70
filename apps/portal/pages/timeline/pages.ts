import type { Page } from "../../page.ts";

/** The pages of this area. */
export const timelinePages: readonly Page[] = [
  { path: "/timeline", load: () => import("./timeline.tsx") },
];
