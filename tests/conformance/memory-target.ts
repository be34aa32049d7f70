import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { distributionServer } from "@entrepot/distribution/server";
import type { DistributionOptions, Failure, Shortcut } from "@entrepot/distribution/server";
import { memoryRegistry } from "@entrepot/registry/memory";
import type { Target } from "./peer.ts";

/** How the target differs from the plainest one. */
export interface MemoryTargetOptions extends Partial<DistributionOptions> {
  shortcut?(env: HttpBindings): Shortcut;
}

/**
 * A registry in memory behind real HTTP on a port of its own. Closing it throws what was logged as
 * a fault of the server's, since no test of the API may cause one.
 */
export async function memoryTarget(options: MemoryTargetOptions = {}): Promise<Target> {
  const registry = memoryRegistry();
  const failures: Failure[] = [];
  const answer = distributionServer({
    open: async () => registry,
    log: (failure) => failures.push(failure),
    ...options,
  });
  const server = serve({
    fetch: (request, env) => answer(request, options.shortcut?.(env as HttpBindings)),
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
      if (failures.length > 0) throw failures[0]?.error;
    },
  };
}
