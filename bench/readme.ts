const begin = (name: string) => `<!-- figures of ${name}: begin -->`;
const end = (name: string) => `<!-- figures of ${name}: end -->`;

/**
 * `text` with what stands between the markers of `name` replaced by `section`. Throws an Error if
 * the markers are not there.
 */
export function withSection(text: string, name: string, section: string): string {
  const start = text.indexOf(begin(name));
  const stop = text.indexOf(end(name), start);
  if (start === -1 || stop === -1) {
    throw new Error(`bench/README.md has no markers for ${name}: put ${begin(name)} and its end`);
  }
  return `${text.slice(0, start + begin(name).length)}\n${section}\n${text.slice(stop)}`;
}
