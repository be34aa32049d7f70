import type { Actor, Carried, Change } from "@entrepot/catalog";

/** Who points `tag` at something: of a push of several tags, with what that one carries on. */
export function actorOfTag(actor: Actor, tag: string): Actor {
  const carried = actor.ofTags?.get(tag);
  if (!carried) return actor;
  const { name, cause } = actor;
  return { name, cause, ...carried };
}

/** `change` of `tag` as `actor` makes it: with its own origin, where that is not all tags'. */
export function changeOfTag(actor: Actor, tag: string, change: Change): Change {
  const carried: Carried | undefined = actor.ofTags?.get(tag);
  if (!carried) return change;
  const { origin, path } = carried;
  return { ...change, carried: { origin, path } };
}

/** The tag of a journal's key `repository:tag`; none of a manifest's. */
export function tagIn(key: string): string | null {
  return key.includes("@") ? null : key.slice(key.indexOf(":") + 1);
}
