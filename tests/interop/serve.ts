import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { distributionServer, nodeBody } from "@entrepot/distribution/server";
import type { DistributionOptions } from "@entrepot/distribution/server";
import type { Registry } from "@entrepot/registry";

/** A server on a free port of this machine. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `registry` by the distribution API over HTTP. */
export async function serveRegistry(
  registry: Registry,
  options: Partial<DistributionOptions> = {},
): Promise<Served> {
  const answer = distributionServer({ open: async () => registry, ...options });
  const fetch = (request: Request, env: unknown) =>
    answer(request, { body: nodeBody((env as HttpBindings).incoming) });
  return await listening(createAdaptorServer({ fetch }));
}

/** Serves whatever `answer` does, byte for byte. */
export async function serveRaw(answer: RequestListener): Promise<Served> {
  return await listening(createServer(answer));
}

async function listening(server: ReturnType<typeof createAdaptorServer>): Promise<Served> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
