import type { Fields, Filter, Match } from "@entrepot/api";

/** Whether `item` is kept by `filter`, for lists that are filtered here and not in the database. */
export function keeps<F extends Fields>(filter: Filter<F>, item: object): boolean {
  const values = item as Readonly<Record<string, unknown>>;
  return Object.entries(filter).every(([field, match]) =>
    matches(values[field], match as Match<unknown>),
  );
}

function matches(value: unknown, match: Match<unknown>): boolean {
  const text = String(value);
  switch (match.kind) {
    case "is":
      return text === String(match.value);
    case "like":
      return text.includes(match.value);
    case "any":
    case "all":
      return match.values.map(String).includes(text);
    case "between":
      return (
        (match.min === null || (value as never) >= (match.min as never)) &&
        (match.max === null || (value as never) <= (match.max as never))
      );
  }
}
