/** Part of the registry, by its names; everything, if nothing is said. */
export interface Scope {
  readonly project?: string;
  /** Without the project. */
  readonly repository?: string;
  readonly tag?: string;
}

/** What `text` names: nothing, `project`, `project/repository` or `project/repository:tag`. */
export function parseScope(text: string): Scope {
  const [project, ...rest] = text
    .trim()
    .replace(/^\/+|\/+$/g, "")
    .split("/");
  if (!project) return {};
  const [repository, tag] = rest.join("/").split(":", 2);
  if (!repository) return { project };
  return tag ? { project, repository, tag } : { project, repository };
}

/** The name of `scope`, as it is typed; empty for the whole registry. */
export function scopeText({ project = "", repository, tag }: Scope): string {
  if (repository === undefined) return project;
  return tag === undefined ? `${project}/${repository}` : `${project}/${repository}:${tag}`;
}
