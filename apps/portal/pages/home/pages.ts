import type { Page } from "../../page.ts";

/** The start page. */
export const homePages: readonly Page[] = [{ path: "/", load: () => import("./home.tsx") }];
