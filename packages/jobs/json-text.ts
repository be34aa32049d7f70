/**
 * `value` as JSON that PostgreSQL's jsonb takes: without NUL characters and halves of surrogate
 * pairs, which it refuses. Throws a TypeError where JSON.stringify does.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? part.replaceAll("\u0000", "").toWellFormed() : part,
  );
}
