/**
 * A pattern (doublestar's, well-formed: `compileGlob` has taken it) as a regular expression of
 * PostgreSQL's, which has no back references and so takes no more than linear time. An empty one
 * matches everything, as in Harbor.
 */
export function globRegex(pattern: string): string {
  if (pattern === "") return "";
  const parts = pattern.split("/");
  const pieces = parts.map((part, i) => {
    const isLast = i === parts.length - 1;
    if (part === "**") return isLast ? ".+" : "(?:[^/]+/)*";
    return isLast ? componentRegex(part) : `${componentRegex(part)}/`;
  });
  return `^(?:${pieces.join("")})$`;
}

/** Within a component nothing matches a slash. */
function componentRegex(text: string): string {
  const chars = [...text];
  let regex = "";
  let depth = 0;
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === "*") regex += "[^/]*";
    else if (char === "?") regex += "[^/]";
    else if (char === "\\") regex += literal(chars[++at] ?? "");
    else if (char === "{") {
      regex += "(?:";
      depth++;
    } else if (char === "}" && depth > 0) {
      regex += ")";
      depth--;
    } else if (char === "," && depth > 0) regex += "|";
    else if (char === "[") {
      const { set, end } = setRegex(chars, at + 1);
      regex += set;
      at = end;
    } else regex += literal(char);
  }
  return regex;
}

/** A set of characters that begins at `from`, behind its bracket; `end` is where it closes. */
function setRegex(chars: readonly string[], from: number): { set: string; end: number } {
  const negated = chars[from] === "^" || chars[from] === "!";
  const start = negated ? from + 1 : from;
  let inside = "";
  let at = start;
  for (; at === start || chars[at] !== "]"; at++) {
    const char = chars[at]!;
    if (char === "\\") inside += literal(chars[++at] ?? "");
    else inside += char === "-" && at > start && chars[at + 1] !== "]" ? "-" : literal(char);
  }
  return { set: negated ? `[^/${inside}]` : `(?!/)[${inside}]`, end: at };
}

/** One character as itself. In PostgreSQL a backslash before a letter or digit means more. */
function literal(char: string): string {
  return /^[\p{L}\p{N}_]$/u.test(char) ? char : `\\${char}`;
}
