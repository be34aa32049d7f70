import type { QueryConfig } from "pg";

/** Statements that are kept parsed and planned, per connection, at most. */
const MOST = 500;
const names = new Map<string, string>();

/**
 * `text` as a statement that each connection parses and plans once: half of what a short query
 * costs. Texts without parameters, mostly made for one use, and texts beyond the first 500 are sent
 * as they are.
 */
export function prepared(text: string, values: unknown[]): QueryConfig<unknown[]> {
  if (values.length === 0) return { text };
  let name = names.get(text);
  if (name === undefined && names.size < MOST) {
    name = `entrepot_${names.size}`;
    names.set(text, name);
  }
  return name === undefined ? { text, values } : { name, text, values };
}
