/**
 * `value` if it is a path of this site, else `/`: what a link says about where to go after the
 * login must not lead anywhere else.
 */
export function localPath(value: unknown): string {
  if (typeof value !== "string" || !/^\/(?![/\\])/.test(value)) return "/";
  return new URL(value, "http://here").origin === "http://here" ? value : "/";
}
