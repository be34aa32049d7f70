/** Says a message of the server in a reader's language; as it is where nothing is known of it. */
export type Translator = (message: string) => string;

/** Messages are put together of messages; nothing is nested deeper than this. */
const DEEPEST = 4;
/** Nobody reads more characters than this. */
const LONGEST = 4_000;

/**
 * A translator by `table`: the server's templates, `{}` where a value stands, each with a text that
 * has `{1}`, `{2}` … in their places. Of several that fit, the one with most words of its own wins.
 * A value is a message itself at times, and so is each part of `field: message; field: message`.
 */
export function translatorOf(table: Readonly<Record<string, string>>): Translator {
  const templates = Object.entries(table)
    .map(([template, text]) => ({
      literals: template.split("{}"),
      weight: weightOf(template),
      text,
    }))
    .toSorted((a, b) => b.weight - a.weight);

  const whole = (message: string, depth: number): string | null => {
    for (const { literals, text } of templates) {
      const values = valuesIn(message, literals);
      if (values) return text.replace(/\{(\d)\}/g, (_, n) => said(values[Number(n)]!, depth + 1));
    }
    return null;
  };
  const said = (message: string, depth: number): string => {
    if (depth > DEEPEST) return message;
    return whole(message, depth) ?? parts(message, depth);
  };
  const parts = (message: string, depth: number): string => {
    const some = message.split("; ");
    if (some.length > 1) return joined(some, "; ", "；", depth);
    const colon = message.indexOf(": ");
    if (colon < 0) return message;
    const rest = message.slice(colon + 2);
    const text = said(rest, depth + 1);
    return text === rest ? message : `${message.slice(0, colon)}：${text}`;
  };
  const joined = (some: readonly string[], before: string, after: string, depth: number) => {
    const texts = some.map((one) => said(one, depth + 1));
    return texts.join(texts.some((text, n) => text !== some[n]) ? after : before);
  };
  return (message) => (message.length > LONGEST ? message : said(message, 0));
}

/**
 * The values of a message that fits `literals`, what is fixed around them; null if it does not.
 * Each value is as short as can be, and none is tried twice: whatever somebody makes a message
 * hold, it takes no time.
 */
function valuesIn(message: string, literals: readonly string[]): string[] | null {
  const [first = "", ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return message === first ? [message] : null;
  const end = message.length - last.length;
  if (!message.startsWith(first) || !message.endsWith(last)) return null;
  const values = [message];
  let from = first.length;
  for (const literal of rest) {
    const at = message.indexOf(literal, from);
    if (at < 0) return null;
    values.push(message.slice(from, at));
    from = at + literal.length;
  }
  return from > end ? null : [...values, message.slice(from, end)];
}

const weightOf = (template: string) => template.replaceAll("{}", "").length;
