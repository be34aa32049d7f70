import {
  endpointFetch,
  type Fetch,
  harborClient,
  remoteRegistry,
} from "@entrepot/distribution/client";
import type { EndpointAddress, Site } from "@entrepot/replication";
import { dockerRegistrySite } from "./docker-registry-site.ts";
import { harborSite } from "./harbor-site.ts";

/** Connections to one endpoint at most. */
const CONNECTIONS = 32;

/** The site behind an endpoint, with connections of its own. Connects only when used. */
export function connectSite(address: EndpointAddress): Site {
  const fetch = endpointFetch({
    insecure: address.insecure,
    connections: CONNECTIONS,
    ...(address.caCertificate && { ca: address.caCertificate }),
  });
  return siteOver(fetch, address);
}

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
