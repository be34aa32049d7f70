import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { serve } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { distributionServer, nodeBody } from "@entrepot/distribution/server";
import type { Failure, Shortcut } from "@entrepot/distribution/server";
import { memoryRegistry } from "@entrepot/registry/memory";
import { conformance } from "./suite.ts";
import type { Target } from "./suite.ts";

conformance("the server over memory", () => start(() => ({})));
conformance("the server over memory, with Node's own body streams", () =>
  start(({ incoming }) => ({ body: nodeBody(incoming) })),
);

async function start(shortcut: (env: HttpBindings) => Shortcut): Promise<Target> {
  const registry = memoryRegistry();
  const failures: Failure[] = [];
  const answer = distributionServer({
    open: async () => registry,
    log: (failure) => failures.push(failure),
  });
  const server = serve({
    fetch: (request, env) => answer(request, shortcut(env as HttpBindings)),
    hostname: "127.0.0.1",
    port: 0,
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      // Nothing in the whole suite may be a fault of ours.
      if (failures.length > 0) throw failures[0]?.error;
    },
  };
}
