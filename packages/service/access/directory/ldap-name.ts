/**
 * The distinguished name `dn` in one way of writing, for comparing: small letters, no blanks around
 * commas and equals signs, characters instead of their numbers. Source: RFC 4514, and RFC 4518 as
 * far as directories' usual attributes go. Text that is no name comes back in small letters.
 */
export function plainDn(dn: string): string {
  return partsOf(dn)
    .map((part) => {
      const at = part.indexOf("=");
      if (at < 0) return fold(part);
      return `${fold(part.slice(0, at))}=${fold(part.slice(at + 1))}`;
    })
    .join(",");
}

/** Whether the plain name `dn` is `base`, which is plain as well, or below it. */
export function isBelow(dn: string, base: string): boolean {
  return base === "" || dn === base || dn.endsWith(`,${base}`);
}

/** The parts between commas (or semicolons, RFC 2253) that are not escaped. */
function partsOf(dn: string): string[] {
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  for (let i = 0; i < dn.length; i += 1) {
    const c = dn[i]!;
    if (c === "\\") part += c + (dn[(i += 1)] ?? "");
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "," || c === ";")) {
      parts.push(part);
      part = "";
    } else part += quoted && SPECIAL.test(c) ? `\\${c}` : c;
  }
  return [...parts, part];
}

const SPECIAL = /[",#+;<=>\\]/;

/** Without blanks around, in small letters, every special character escaped by a backslash. */
function fold(text: string): string {
  const trimmed = text.trimStart().replace(/(?<!\\) +$/, "");
  const bytes: number[] = [];
  for (let i = 0; i < trimmed.length; i += 1) {
    const hex = /^\\([\da-fA-F]{2})/.exec(trimmed.slice(i, i + 3));
    if (hex) {
      bytes.push(Number.parseInt(hex[1]!, 16));
      i += 2;
      continue;
    }
    if (trimmed[i] === "\\") i += 1;
    const c = String.fromCodePoint(trimmed.codePointAt(i) ?? 0);
    if (c.length === 2) i += 1;
    bytes.push(...Buffer.from(c, "utf8"));
  }
  const value = Buffer.from(bytes).toString("utf8").normalize("NFC").toLowerCase();
  return value.replaceAll(/[",#+;<=>\\]/g, String.raw`\$&`).replaceAll(/ +/g, " ");
}
