/** A repository's whole name as project and the rest, which may hold slashes. */
export function partsOf(repository: string): { project: string; rest: string } {
  const slash = repository.indexOf("/");
  return { project: repository.slice(0, slash), rest: repository.slice(slash + 1) };
}

/** Where a project is shown, or one of its tabs. */
export function projectPath(project: string, tab = ""): string {
  return tab === "" ? `/projects/${project}` : `/projects/${project}/${tab}`;
}

/** Where a repository (`project/rest`) is shown. */
export function repositoryPath(repository: string): string {
  const { project, rest } = partsOf(repository);
  return `/projects/${project}/repositories/${rest}`;
}

/** Where an artifact is shown, by tag or digest. */
export function artifactPath(repository: string, reference: string): string {
  const { project, rest } = partsOf(repository);
  return `/projects/${project}/artifacts/${rest}${separator(reference)}${reference}`;
}

/** How an image is written: `project/repository:tag` or `project/repository@digest`. */
export function imageName(repository: string, reference: string): string {
  return `${repository}${separator(reference)}${reference}`;
}

const separator = (reference: string): string => (reference.includes(":") ? "@" : ":");

/**
 * What the end of an artifact's address names: `a/b:tag` or `a/b@sha256:…`; null if it is neither.
 * Names of repositories hold neither `@` nor `:`.
 */
export function artifactOf(splat: string): { rest: string; reference: string } | null {
  const [, rest, digest, tag] = /^([^:@]+)(?:@([^@]+)|:([^:@/]+))$/.exec(splat) ?? [];
  const reference = digest ?? tag;
  return rest && reference ? { rest, reference } : null;
}
