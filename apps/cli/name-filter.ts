/** Whether a name is wanted; without patterns every name is. */
export type NameFilter = (name: string) => boolean;

/** Names that match one of `patterns`: `*` within a component, `**` across, `?` one character. */
export function nameFilter(patterns: readonly string[]): NameFilter {
  const matchers = patterns.map((pattern) => {
    const source = pattern
      .split(/(\*\*|\*|\?)/)
      .map((part) => WILD[part] ?? part.replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&"));
    return new RegExp(`^${source.join("")}$`);
  });
  return (name) => matchers.length === 0 || matchers.some((matcher) => matcher.test(name));
}

const WILD: Readonly<Record<string, string>> = { "**": ".*", "*": "[^/]*", "?": "[^/]" };
