import type { DockerHubClient, RemoteRegistry } from "@entrepot/distribution/client";
import { RegistryError } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import type { Selection, Site } from "@entrepot/replication";
import { originHeaders } from "./request-actor.ts";

/** Where Docker Hub's parts are, whichever of its names somebody gives. */
const HUB = {
  registry: "https://registry-1.docker.io",
  api: "https://hub.docker.com",
  realms: ["auth.docker.io"],
} as const;
const HUB_HOSTS: ReadonlySet<string> = new Set([
  "docker.io",
  "hub.docker.com",
  "index.docker.io",
  "registry-1.docker.io",
]);

/** Where Docker Hub's registry, its API and its tokens are. */
export interface HubAddresses {
  readonly registry: string;
  readonly api: string;
  readonly realms: readonly string[];
}

/** The addresses behind `url`: Docker Hub's own, or one host that answers for both parts. */
export function hubAddresses(url: string): HubAddresses {
  if (HUB_HOSTS.has(URL.parse(url)?.host ?? "")) return HUB;
  return { registry: url, api: url, realms: [] };
}

/**
 * Docker Hub: names of exactly two components (official images are in `library`), and lists only by
 * its own API. Listed are the namespaces that the policy's name filters tell literally, else those
 * of our account.
 */
export function dockerHubSite(remote: RemoteRegistry, hub: DockerHubClient): Site {
  return {
    registry: (origin) => twoComponents(remote.with(originHeaders(origin))),
    list: (selection) => listByApi(hub, selection),
    isPublic: (repository) => hub.isPublic(named(repository)),
    // A push makes the repository; its namespace has to be there.
    prepare: async (repository) => void named(repository),
    deleteTag: (repository, tag) => hub.deleteTag(named(repository), tag),
    async ping() {
      await remote.ping();
      await hub.login();
      return { peerId: null };
    },
    close: () => remote.close(),
  };
}

async function* listByApi(hub: DockerHubClient, selection: Selection) {
  const namespaces = selection.projects ?? (await hub.namespaces());
  if (namespaces.length === 0) {
    throw new RegistryError(
      "BAD_REQUEST",
      "Docker Hub has no list of all repositories: give a name filter such as library/** or " +
        "an account's credential",
    );
  }
  for (const namespace of namespaces) {
    for await (const repository of hub.repositories(namespace)) {
      if (!selection.repository(repository)) continue;
      for await (const tag of hub.tags(repository)) {
        if (selection.tag(tag)) yield { repository, reference: tag, digest: null };
      }
    }
  }
}

function twoComponents(registry: Registry): Registry {
  return { ...registry, repository: (name) => registry.repository(named(name)) };
}

function named(name: string): string {
  if (/^[^/]+\/[^/]+$/.test(name)) return name;
  throw new RegistryError(
    "NAME_INVALID",
    `${name} cannot be a repository at Docker Hub, whose names have exactly two components; ` +
      "give the policy a destination namespace and let it replace all components before the last",
  );
}
