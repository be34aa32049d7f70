import { RegistryError } from "@entrepot/oci";

/** Fields that a list can be filtered by, and what their values are. */
export type Fields = Readonly<Record<string, "text" | "number" | "time">>;

/** A value of a field: text as written, a number, a point in time. */
export type ValueOf<T> = T extends "number" ? number : T extends "time" ? Date : string;

/** What a field must match. A range includes both ends; null is open. `like` means contains. */
export type Match<V> =
  | { readonly kind: "is"; readonly value: V }
  | { readonly kind: "like"; readonly value: string }
  | { readonly kind: "between"; readonly min: V | null; readonly max: V | null }
  | { readonly kind: "any"; readonly values: readonly V[] }
  | { readonly kind: "all"; readonly values: readonly V[] };

/** Matches by field; a field that is absent matches everything. */
export type Filter<F extends Fields> = { readonly [K in keyof F]?: Match<ValueOf<F[K]>> };

/** One key of an order. */
export interface SortKey<K extends string> {
  readonly field: K;
  readonly descending: boolean;
}

const MAX_LENGTH = 4096;
const TERM =
  /\s*([a-z_][a-z0-9_.]*)=((?:'[^']*'|"[^"]*"|\[[^\]]*\]|\{[^}]*\}|\([^)]*\)|[^,])*)(,|$)/iy;
const ITEM = /\s*(?:'([^']*)'|"([^"]*)"|([^\s'"]+))(?=\s|$)/y;

/**
 * `q` as a filter: `k=v`, `k=~v` (contains), `k=[min~max]`, `k={v1 v2}` (any), `k=(v1 v2)` (all),
 * separated by commas; quotes keep what is in them together. Absent or empty: matches everything.
 * Throws BAD_REQUEST for another form, for a field that is not among `fields`, and for one that
 * occurs twice. Source: Harbor API v2.0 `q`.
 */
export function parseQuery<const F extends Fields>(q: string | undefined, fields: F): Filter<F> {
  const filter: Record<string, Match<unknown>> = {};
  const text = q ?? "";
  if (text.length > MAX_LENGTH) throw bad(`q is longer than ${MAX_LENGTH} characters`);
  for (let at = 0; at < text.length;) {
    TERM.lastIndex = at;
    const term = TERM.exec(text);
    if (!term) throw bad(`q is malformed at ${show(text.slice(at))}; expected field=value`);
    const [all, field = "", value = ""] = term;
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (type === undefined) {
      throw bad(`q cannot filter by ${show(field)}, only by ${Object.keys(fields).join(", ")}`);
    }
    if (Object.hasOwn(filter, field)) throw bad(`q names ${field} twice`);
    filter[field] = parseMatch(field, type, value.trim());
    at += all.length;
  }
  return filter as Filter<F>;
}

function parseMatch(field: string, type: Fields[string], text: string): Match<unknown> {
  const inner = text.slice(1, -1);
  const value = (item: string) => parseValue(field, type, item);
  if (text.startsWith("~")) return { kind: "like", value: unquote(text.slice(1)) };
  if (text.startsWith("[") && text.endsWith("]")) {
    const ends = inner.split("~").map((end) => end.trim());
    const [min = "", max = ""] = ends;
    if (ends.length !== 2) throw bad(`q: ${field} needs a range [min~max], not ${show(text)}`);
    const end = (bound: string) => (bound === "" ? null : value(unquote(bound)));
    return { kind: "between", min: end(min), max: end(max) };
  }
  if (text.startsWith("{") && text.endsWith("}")) {
    return { kind: "any", values: items(field, inner).map(value) };
  }
  if (text.startsWith("(") && text.endsWith(")")) {
    return { kind: "all", values: items(field, inner).map(value) };
  }
  return { kind: "is", value: value(unquote(text)) };
}

function items(field: string, text: string): string[] {
  const found: string[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = ITEM.lastIndex) {
    ITEM.lastIndex = at;
    const item = ITEM.exec(text);
    if (!item) throw bad(`q: the values of ${field} are malformed at ${show(text.slice(at))}`);
    found.push(item[1] ?? item[2] ?? item[3] ?? "");
  }
  return found;
}

function unquote(text: string): string {
  return /^'[^']*'$|^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

function parseValue(field: string, type: Fields[string], text: string): unknown {
  if (type === "text") return text;
  if (type === "number") {
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    throw bad(`q: ${field} is a whole number, not ${show(text)}`);
  }
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.replace(" ", "T")}Z`;
  const time = /^\d+$/.test(text) ? new Date(Number(text) * 1000) : new Date(dated(zoned));
  if (Number.isNaN(time.getTime())) throw bad(`q: ${field} is a time, not ${show(text)}`);
  return time;
}

/** A date without a time as its midnight. */
function dated(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)Z$/, "$1T00:00:00Z");
}

/**
 * `sort` as keys, first to last: `a,-b`. Absent or empty: none. Throws BAD_REQUEST for a field that
 * is not among `fields`. Source: Harbor API v2.0 `sort`.
 */
export function parseSort<const K extends string>(
  sort: string | undefined,
  fields: readonly K[],
): readonly SortKey<K>[] {
  if (sort === undefined || sort.trim() === "") return [];
  return sort.split(",").map((part) => {
    const name = part.trim().replace(/^[-+]/, "");
    const field = fields.find((known) => known === name);
    if (field === undefined) {
      throw bad(`sort cannot order by ${show(name)}, only by ${fields.join(", ")}`);
    }
    return { field, descending: part.trim().startsWith("-") };
  });
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function bad(message: string): RegistryError {
  return new RegistryError("BAD_REQUEST", message);
}
