import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A line to a server that carries no more than it is meant to. */
export interface SlowLine {
  readonly url: string;
  /** Bytes that have gone to the server. */
  readonly bytesSent: number;
  /** Cuts what is open and takes nothing more. */
  close(): Promise<void>;
}

/** Timers come late: so much lost time is made up for. */
const LATE_MS = 50;

/** A line to `url` that carries at most `bytesPerSecond` there, all connections together. */
export async function slowLine(url: string, bytesPerSecond: number): Promise<SlowLine> {
  const { hostname: host, port } = new URL(url);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  let bytesSent = 0;
  let freeAt = 0;
  const carry = async (from: Socket, to: Socket) => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      const now = performance.now();
      freeAt = Math.max(now - LATE_MS, freeAt) + (chunk.length / bytesPerSecond) * 1000;
      if (freeAt - now > 1) await pause(freeAt - now);
      bytesSent += chunk.length;
      if (!to.write(chunk)) await once(to, "drain");
    }
    to.end();
  };

  const server = createServer((socket) => {
    const client = keep(socket);
    const upstream = keep(connect({ host, port: Number(port) }));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    upstream.pipe(client);
    carry(client, upstream).catch(() => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytesSent() {
      return bytesSent;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
