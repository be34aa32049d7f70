import { RegistryError } from "@entrepot/oci";
import { rangesOf } from "../history/scope.ts";
import { parseScope } from "../restore/scope.ts";

/**
 * Projects and repositories that a backup is of, sorted, none twice. Throws BAD_REQUEST for a name
 * of anything else.
 */
export function checkedScope(names: readonly string[]): string[] {
  for (const name of names) {
    const { kind } = parseScope(name);
    if (kind === "project" || kind === "repository") continue;
    const text = `${JSON.stringify(name)} is no project and no project/repository`;
    throw new RegistryError("BAD_REQUEST", text);
  }
  return [...new Set(names)].toSorted();
}

/**
 * SQL that says of a row of `journal` whether it is about one of `names`, projects and
 * repositories; a project's replication policies are its own for good. Without names: of
 * everything.
 */
export function withinScope(names: readonly string[]): string {
  if (names.length === 0) return "true";
  const conditions = names.flatMap((name) => {
    const [project = "", ...rest] = name.split("/");
    const repository = rest.join("/") || undefined;
    const ranges = rangesOf({ project, repository }) ?? [];
    const inRange = ranges.map(
      ({ kind, from, to }) =>
        `(kind = ${literal(kind)} AND key >= ${literal(from)} AND key < ${literal(to)})`,
    );
    if (repository !== undefined) return inRange;
    const policies =
      `(kind = 'policy' AND key IN (SELECT key FROM journal ` +
      `WHERE kind = 'policy' AND after ->> 'project' = ${literal(project)}))`;
    return [...inRange, policies];
  });
  return `(${conditions.join(" OR ")})`;
}

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
