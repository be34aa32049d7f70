import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { basic } from "./entrepot-api.ts";
import type { Served } from "./serve.ts";

/** An HTTP proxy that lets in whoever has its credential, or anybody if it has none. */
export interface HttpProxy extends Served {
  /** Tunnels made, by `host:port`. */
  readonly tunnels: readonly string[];
  /** Requests passed on: the method and the whole URL. */
  readonly passed: readonly string[];
  /** How many were refused for want of the credential. */
  readonly refused: number;
}

/**
 * A proxy on a free port of this machine, which tunnels (CONNECT) and passes on requests for whole
 * URLs. Source: RFC 9110 §9.3.6 and §11.7, RFC 9112 §3.2.2.
 */
export async function httpProxy(credential?: {
  readonly username: string;
  readonly password: string;
}): Promise<HttpProxy> {
  const tunnels: string[] = [];
  const passed: string[] = [];
  const sockets = new Set<Socket>();
  let refused = 0;

  const isKnown = ({ headers }: IncomingMessage) =>
    !credential || headers["proxy-authorization"] === basic(credential);
  const server = createServer((incoming, outgoing) => {
    if (isKnown(incoming)) return passOn(incoming, outgoing, passed);
    refused++;
    outgoing.writeHead(407, { "proxy-authenticate": 'Basic realm="proxy"' }).end();
  });
  server.on("connection", (socket) => keep(sockets, socket));
  server.on("connect", (incoming, client: Socket, head: Buffer) => {
    if (!isKnown(incoming)) {
      refused++;
      client.end('HTTP/1.1 407 No\r\nproxy-authenticate: Basic realm="proxy"\r\n\r\n');
      return;
    }
    tunnels.push(incoming.url!);
    const [host, port] = incoming.url!.split(":");
    const upstream = keep(sockets, connect(Number(port), host));
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n");
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    upstream.once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    passed,
    get refused() {
      return refused;
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

function keep(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  return socket;
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, passed: string[]): void {
  const { method, url, headers } = incoming;
  passed.push(`${method} ${url}`);
  const { "proxy-authorization": _, ...rest } = headers;
  const onward = request(url!, { method: method!, headers: rest }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
