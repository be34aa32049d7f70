import { RegistryError } from "@entrepot/oci";

/** Registries whose token service lives elsewhere, by their own documentation. */
const KNOWN_REALMS: Readonly<Record<string, readonly string[]>> = {
  "registry-1.docker.io": ["auth.docker.io"],
  "registry.gitlab.com": ["gitlab.com"],
};

const DOCKER_HUB = new Set(["docker.io", "index.docker.io", "hub.docker.com"]);

/**
 * The root that all of a registry's paths hang from, without a slash at its end. Docker Hub's names
 * for people become the one it serves under. Throws BAD_REQUEST for what is no http(s) address.
 */
export function registryRoot(address: string): string {
  const url = URL.parse(address);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    const shown = JSON.stringify(address.slice(0, 200));
    throw new RegistryError(
      "BAD_REQUEST",
      `${shown} is no registry address; expected https://host`,
    );
  }
  if (DOCKER_HUB.has(url.hostname)) return "https://registry-1.docker.io";
  return url.origin + url.pathname.replace(/\/+(?:v2\/*)?$/, "");
}

/**
 * The address of a token service, if the registry at `root` may send us there: on the registry's
 * own host, or on an https host in `trusted`. Anything else could be a trap set to collect the
 * password (as in CVE-2020-15157), so it throws DENIED.
 */
export function trustedRealm(realm: string, root: string, trusted: readonly string[]): URL {
  const url = URL.parse(realm);
  const registry = new URL(root);
  if (url && isTrusted(url, registry, trusted)) return url;
  const shown = JSON.stringify(url?.origin ?? realm.slice(0, 200));
  throw new RegistryError(
    "DENIED",
    `${registry.host} sends us to ${shown} for a token, ` +
      "which is not its own host; no credential was sent. If that host is right, " +
      "add it to the endpoint's trusted token services",
  );
}

function isTrusted(realm: URL, registry: URL, trusted: readonly string[]): boolean {
  if (realm.username || realm.password) return false;
  if (realm.protocol === "https:") {
    const known = KNOWN_REALMS[registry.hostname] ?? [];
    if ([...known, ...trusted].includes(realm.host)) return true;
    return realm.hostname === registry.hostname;
  }
  const inTheClear = realm.protocol === "http:" && registry.protocol === "http:";
  return inTheClear && realm.hostname === registry.hostname;
}
