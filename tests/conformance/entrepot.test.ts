import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { parseRepositoryName } from "@entrepot/oci";
import { registrySuite } from "@entrepot/registry/suite";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { conformance } from "./suite.ts";

conformance("the whole server", async () => {
  const server = await testServer({ workers: 0 });
  return { url: server.url, headers: { authorization: basicOf(server) }, close: server.close };
});

registrySuite("the whole server behind our own client", async () => {
  const { url, credential, close } = await testServer({ workers: 0 });
  const remote = remoteRegistry({ url, credential, fetch: endpointFetch() });
  return {
    registry: {
      repository: (name) => remote.repository(parseRepositoryName(name)),
      repositories: remote.repositories,
    },
    close: () => remote.close().then(close),
  };
});

function basicOf({ credential: { username, password } }: TestServer): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
