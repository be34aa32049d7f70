/** A way to authenticate that a server offers; `scheme` and names of `params` in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A value of `WWW-Authenticate`: `Bearer realm="…",service="…"`. Source: RFC 9110 § 11.6.1. */
export function printChallenge(scheme: string, params: Record<string, string>): string {
  const pairs = Object.entries(params).map(([key, value]) => `${key}="${escapeQuoted(value)}"`);
  return pairs.length === 0 ? scheme : `${scheme} ${pairs.join(",")}`;
}

function escapeQuoted(value: string): string {
  // oxlint-disable-next-line no-control-regex -- a line break here would end the header
  return value.replace(/[\u0000-\u001f\u007f]/g, "").replace(/["\\]/g, "\\$&");
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const PARAM = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
const GAP = /[\s,]*/y;

/**
 * All challenges in `header`, in its order; what cannot be read ends the list. A comma stands both
 * between parameters and between challenges, so a token without `=` begins a new challenge.
 */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; params: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(GAP);
    const current = found.at(-1);
    const param = current && take(PARAM);
    if (param) {
      const [, key = "", quoted, bare = ""] = param;
      current.params[key.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? bare;
      continue;
    }
    const scheme = take(TOKEN);
    if (!scheme) return found;
    found.push({ scheme: scheme[0].toLowerCase(), params: {} });
  }
}
