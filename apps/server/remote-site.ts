import {
  type AddressGuard,
  addressGuard,
  endpointBudget,
  endpointFetch,
  type Fetch,
  harborClient,
  remoteRegistry,
} from "@entrepot/distribution/client";
import type { Connect, EndpointAddress, Site } from "@entrepot/replication";
import { dockerRegistrySite } from "./docker-registry-site.ts";
import { harborSite } from "./harbor-site.ts";

/** Requests to one endpoint at a time, where it does not say fewer. */
const MOST_REQUESTS = 32;

/** Makes sites with connections of their own, which go only where `guard` lets them. */
export function siteConnector(guard: AddressGuard = addressGuard()): Connect {
  return (address) => {
    const { insecure, caCertificate: ca, options } = address;
    const { proxy, concurrency = MOST_REQUESTS } = options;
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
  const remote = remoteRegistry(options);
  if (address.type !== "harbor") return dockerRegistrySite(remote);
  const asEntrepot = remoteRegistry({ ...options, singlePost: true, multiTag: true });
  return harborSite(remote, asEntrepot, harborClient(options));
}
