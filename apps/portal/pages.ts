import type { Page } from "./page.ts";
import { artifactPages } from "./pages/artifacts/pages.ts";
import { auditPages } from "./pages/audit/pages.ts";
import { homePages } from "./pages/home/pages.ts";
import { jobPages } from "./pages/jobs/pages.ts";
import { peoplePages } from "./pages/people/pages.ts";
import { projectPages } from "./pages/projects/pages.ts";
import { recoveryPages } from "./pages/recovery/pages.ts";
import { replicationPages } from "./pages/replication/pages.ts";
import { settingsPages } from "./pages/settings/pages.ts";
import { timelinePages } from "./pages/timeline/pages.ts";

/** Every page, an area at a time. */
export const PAGES: readonly Page[] = [
  ...homePages,
  ...projectPages,
  ...artifactPages,
  ...replicationPages,
  ...jobPages,
  ...timelinePages,
  ...recoveryPages,
  ...peoplePages,
  ...auditPages,
  ...settingsPages,
];
