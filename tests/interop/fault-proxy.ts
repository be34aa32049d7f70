import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What happens to one connection. Without a member, that part stays whole. */
export interface Fault {
  /** It is closed as soon as it is made. */
  readonly refuse?: boolean;
  /** It breaks after so many bytes have come from the server. */
  readonly cutAfterBytes?: number;
  /** It breaks after so many bytes have gone to the server. */
  readonly cutAfterSentBytes?: number;
  /** Each piece from the server is held back so long. */
  readonly delayMs?: number;
}

/** A TCP proxy that breaks what goes through it as it is told. */
export interface FaultProxy {
  readonly url: string;
  /** How many connections have been made. */
  readonly connections: number;
  /** `next(n)` says what happens to connection number `n`, from 0. */
  plan(next: (connection: number) => Fault): void;
  close(): Promise<void>;
}

/** A proxy in front of `url`, which lets everything through until it is told otherwise. */
export async function faultProxy(url: string): Promise<FaultProxy> {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
  const sockets = new Set<Socket>();
  let connections = 0;
  let first = 0;
  let next: ((connection: number) => Fault) | undefined;

  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((socket) => {
    const fault = next?.(connections - first) ?? {};
    connections++;
    const client = keep(socket);
    if (fault.refuse) {
      client.resetAndDestroy();
      return;
    }
    const upstream = keep(connect(target));
    const cut = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    void carry(client, upstream, cut, fault.cutAfterSentBytes).catch(() => {});
    void carry(upstream, client, cut, fault.cutAfterBytes, fault.delayMs).catch(() => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    plan(planned) {
      next = planned;
      first = connections;
      // Connections that stand know the old plan only.
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function carry(from: Socket, to: Socket, cut: () => void, limit = Infinity, delayMs = 0) {
  let left = limit;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (delayMs > 0) await pause(delayMs);
    const part = chunk.subarray(0, Math.min(left, chunk.length));
    left -= part.length;
    const written = new Promise((resolve) => to.write(part, resolve));
    await written;
    if (left <= 0) return cut();
  }
  to.end();
}
