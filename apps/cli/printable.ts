/**
 * `text` without what a terminal would obey: control characters become spaces. Names, messages and
 * logs come from other registries, and must not be able to move the cursor or set colours.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, " ");
}
