/** What holds a target. */
export type PlaceKind = "file" | "s3" | "registry";

/** An address in the parts that the form asks for. */
export interface AddressParts {
  readonly kind: PlaceKind;
  /** The registry endpoint's name; empty where `place` holds it, or there is none. */
  readonly endpoint: string;
  readonly place: string;
}

/** The parts of `address`; a new folder's, if there is none. */
export function partsOf(address: string | undefined): AddressParts {
  const [, kind = "file", place = ""] = /^(file|s3|registry):(.*)$/s.exec(address ?? "") ?? [];
  return { kind: kind as PlaceKind, endpoint: "", place };
}

/** The address that the parts make. */
export function addressOf({ kind, endpoint, place }: AddressParts): string {
  const isInside = kind === "registry" && endpoint !== "";
  return `${kind}:${isInside ? `${endpoint}/` : ""}${place.trim()}`;
}

/** A registry endpoint, as far as a restore elsewhere needs it. */
export interface Reachable {
  readonly name: string;
  readonly url: string;
  readonly credential: { readonly access_key: string };
}

/**
 * How `entrepot restore` is told of a target at `address` where no server knows its endpoint, and
 * whether it wants a password.
 */
export function restoreFlags(
  address: string,
  endpoints: readonly Reachable[],
): { readonly flags: string; readonly login: boolean } {
  const { kind, place } = partsOf(address);
  const [endpoint] = endpoints
    .filter(({ name }) => kind === "registry" && place.startsWith(`${name}/`))
    .toSorted((a, b) => b.name.length - a.name.length);
  if (!endpoint) return { flags: `--from ${address}`, login: false };
  const { url, name, credential } = endpoint;
  const from = `--from registry:${url.replace(/\/+$/, "")}/${place.slice(name.length + 1)}`;
  const { access_key: username } = credential;
  // A robot's name holds a `$`.
  const shown = /^[\w.@-]*$/.test(username) ? username : `'${username.replaceAll("'", "'\\''")}'`;
  return { flags: username ? `${from} --username ${shown}` : from, login: username !== "" };
}
