import type { Sample } from "@entrepot/registry/samples";

/** What a repository holds: images by digest, and the tags that name them. */
export interface Repo {
  readonly images: Map<string, Sample>;
  readonly tags: Map<string, Sample>;
}

/** What a registry holds, by repository. */
export type State = Map<string, Repo>;

/** A copy that may be changed. */
export function copyOf(state: State): State {
  return new Map(
    [...state].map(([name, { images, tags }]) => [
      name,
      { images: new Map(images), tags: new Map(tags) },
    ]),
  );
}

/** Repository `name` of `state`, made if it is not there. */
export function repoOf(state: State, name: string): Repo {
  const known = state.get(name) ?? { images: new Map(), tags: new Map() };
  state.set(name, known);
  return known;
}

/** Images of which `image` consists, itself the last. */
export function imagesIn(image: Sample): Sample[] {
  const isIndex = image.content.mediaType.includes("index");
  return isIndex ? [...image.children, image] : [image];
}

/** Every name that `state` has, as a registry tells it: `repo:tag` and `repo@digest`. */
export function namesIn(state: State): Map<string, string> {
  const names = new Map<string, string>();
  for (const [repository, { images, tags }] of state) {
    for (const digest of images.keys()) names.set(`${repository}@${digest}`, digest);
    for (const [tag, { content }] of tags) names.set(`${repository}:${tag}`, content.digest);
  }
  return names;
}

/** Names that `seen` has neither as before nor as after; where both are one, it is that. */
export function unexpected(
  seen: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const all = new Set([...seen.keys(), ...before.keys(), ...after.keys()]);
  return [...all]
    .filter((name) => ![before.get(name), after.get(name)].includes(seen.get(name)))
    .map((name) => `${name} is ${seen.get(name)}`);
}
