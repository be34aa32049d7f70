import { RegistryError } from "@entrepot/oci";
import type { MomentQuery } from "../moment.ts";

const SEQ = /^seq[:-](\d{1,15})$/;
/** RFC 3339 with its zone: what an API is asked. */
const ZONED = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** The same in UTC with what a name's component may hold. */
const COMPONENT = /^(\d{4}-\d\d-\d\d)(?:t(\d\d)\.(\d\d)(?:\.(\d\d)(?:\.(\d{1,9}))?)?)?z?$/;

/**
 * A moment as the API is asked for it: a time with its zone, or `seq:1234`. Throws BAD_REQUEST.
 * Source: RFC 3339 §5.6.
 */
export function parseMoment(text: string): MomentQuery {
  const seq = SEQ.exec(text);
  if (seq) return { seq: Number(seq[1]) };
  const at = ZONED.test(text) ? timeOf(text.replace(" ", "T").toUpperCase()) : null;
  if (at) return { at };
  throw new RegistryError(
    "BAD_REQUEST",
    `${JSON.stringify(text.slice(0, 100))} is not a moment; expected a time with its zone, as ` +
      "2026-01-31T14:03:00Z or 2026-01-31T14:03:00+01:00, or seq:1234",
  );
}

/**
 * A moment as a repository's name tells it: `2026-01-31t14.03.00z` (seconds, fractions and the
 * `z` may be left out; a date alone is its midnight; always UTC), or `seq-1234`. Throws
 * NAME_INVALID.
 */
export function parseMomentComponent(text: string): MomentQuery {
  const seq = SEQ.exec(text);
  if (seq) return { seq: Number(seq[1]) };
  const [, date, hour = "00", minute = "00", second = "00", fraction = "0"] =
    COMPONENT.exec(text) ?? [];
  const at = date && timeOf(`${date}T${hour}:${minute}:${second}.${fraction}Z`);
  if (at) return { at };
  throw new RegistryError(
    "NAME_INVALID",
    `${JSON.stringify(text.slice(0, 100))} is not a moment; expected one in UTC, as ` +
      "2026-01-31t14.03.00z or 2026-01-31, or seq-1234",
  );
}

function timeOf(text: string): Date | null {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return null;
  // JavaScript takes the 31st of February for the 3rd of March.
  return new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10))
    ? time
    : null;
}
