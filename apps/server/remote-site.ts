import {
  type AddressGuard,
  addressGuard,
  dockerHubClient,
  endpointBudget,
  endpointFetch,
  type Fetch,
  harborClient,
  remoteRegistry,
} from "@entrepot/distribution/client";
import type { Connect, EndpointAddress, Site } from "@entrepot/replication";
import { dockerHubSite, hubAddresses } from "./docker-hub-site.ts";
import { dockerRegistrySite } from "./docker-registry-site.ts";
import { entrepotSite } from "./entrepot-site.ts";
import { harborSite } from "./harbor-site.ts";
import { ociLayoutSite } from "./oci-layout-site.ts";

/** Requests to one endpoint at a time, where it does not say fewer. */
const MOST_REQUESTS = 32;

/**
 * Makes sites with connections of their own, which go only where `guard` lets them. Layouts on this
 * machine are used within `layoutFolders` alone.
 */
export function siteConnector(
  guard: AddressGuard = addressGuard(),
  layoutFolders: readonly string[] = [],
): Connect {
  return (address) => {
    if (address.type === "oci-layout") return ociLayoutSite(address.url, layoutFolders);
    const { insecure, caCertificate: ca, options } = address;
    const { concurrency = MOST_REQUESTS } = options;
    const proxy = proxyOf(address);
    const connections = Math.max(1, Math.min(concurrency, MOST_REQUESTS));
    const budget = endpointBudget({ most: connections });
    const fetch = endpointFetch({
      insecure,
      // One read more than the budget may go: see there.
      connections: connections + 1,
      guard,
      ...(ca && { ca }),
      ...(proxy && { proxy }),
    });
    return siteOver(Object.assign(budget.within(fetch), { close: () => fetch.close() }), address);
  };
}

/** The proxy's URL with who it is told to be there; undefined if there is no proxy. */
function proxyOf({ options, proxyPassword = "" }: EndpointAddress): string | undefined {
  const { proxy, proxyUsername } = options;
  if (!proxy || !proxyUsername) return proxy;
  const url = new URL(proxy);
  url.username = encodeURIComponent(proxyUsername);
  url.password = encodeURIComponent(proxyPassword);
  return url.href;
}

/** The site behind an endpoint, wherever it is but where nobody may go. */
export const connectSite: Connect = siteConnector();

/** The site behind an endpoint, by its type, reached through `fetch`. */
export function siteOver(
  fetch: Fetch & { close?(): Promise<void> },
  address: Pick<EndpointAddress, "type" | "url" | "accessKey" | "accessSecret">,
): Site {
  const credential = address.accessKey
    ? { username: address.accessKey, password: address.accessSecret }
    : undefined;
  const options = { url: address.url, credential, fetch };
  const takes = { singlePost: true, multiTag: true, keepsParts: true };
  switch (address.type) {
    case "harbor": {
      const harbor = harborClient(options);
      const { accessories } = harbor;
      const remote = remoteRegistry({ ...options, accessories });
      return harborSite(remote, remote.taking(takes), harbor);
    }
    case "entrepot":
      return entrepotSite(remoteRegistry({ ...options, ...takes }), harborClient(options));
    case "docker-hub": {
      const { registry, api, realms } = hubAddresses(address.url);
      const remote = remoteRegistry({ ...options, url: registry, trustedRealms: realms });
      return dockerHubSite(remote, dockerHubClient({ ...options, url: api }));
    }
    default:
      return dockerRegistrySite(remoteRegistry(options));
  }
}
