import type { Page } from "../../page.ts";

/** The job service: queues, what runs, and schedules. */
export const jobPages: readonly Page[] = [{ path: "/jobs", load: () => import("./jobs.tsx") }];
