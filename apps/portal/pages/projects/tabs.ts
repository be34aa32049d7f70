/** A tab of a project: a page at `/projects/$project/<key>`, in `ProjectPage`. */
export interface ProjectTab {
  /** The end of its address, and of its text's key: `tab.<key>`. Empty: the first one. */
  readonly key: string;
  /** What the caller must be allowed to do to see it, as `resource:action`. */
  readonly right?: string;
}

/** A project's tabs, in order. Whoever adds a page to projects adds it here and to pages.ts. */
export const PROJECT_TABS: readonly ProjectTab[] = [
  { key: "" },
  { key: "members", right: "member:list" },
  { key: "robots", right: "robot:list" },
  { key: "labels", right: "label:list" },
  { key: "policies", right: "tag-retention:list" },
  { key: "logs", right: "log:list" },
  { key: "settings", right: "project:update" },
];
