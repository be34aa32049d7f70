import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Peer } from "./peers.ts";

/**
 * A registry in front of `peer` that passes on `perSecond` requests a second, at most as many at
 * once, and answers 429 with Retry-After to all others.
 */
export async function limited(peer: Peer, limit: { perSecond: number }): Promise<Peer> {
  const agent = new Agent({ keepAlive: true });
  const mayPass = bucket(limit.perSecond);
  const server = createServer((incoming, outgoing) => {
    if (!mayPass()) {
      incoming.resume();
      outgoing.writeHead(429, { "retry-after": "1", "content-type": "application/json" });
      outgoing.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}');
      return;
    }
    const { method, url, headers } = incoming;
    const onward = request(new URL(url!, peer.url), { method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...peer,
    url: `http://127.0.0.1:${port}`,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

function bucket(perSecond: number): () => boolean {
  let tokens = perSecond;
  let filled = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(perSecond, tokens + ((now - filled) * perSecond) / 1000);
    filled = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
