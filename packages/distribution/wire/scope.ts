/** What an act needs, in the words of token authentication: `repository:library/alpine:pull`. */
export interface Scope {
  /** `repository` or `registry`. */
  readonly type: string;
  /** The repository's name, or `catalog`. */
  readonly name: string;
  /** Of `pull`, `push`, `delete` and `*`. */
  readonly actions: readonly string[];
}

/** `scope` as text. Source: distribution's token scope documentation. */
export function printScope(scope: Scope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(",")}`;
}

/** `text` as a scope, or null. The name may hold one colon of its own, before a port. */
export function parseScope(text: string): Scope | null {
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first <= 0 || last <= first + 1) return null;
  const actions = text
    .slice(last + 1)
    .split(",")
    .filter(Boolean);
  return { type: text.slice(0, first), name: text.slice(first + 1, last), actions };
}
