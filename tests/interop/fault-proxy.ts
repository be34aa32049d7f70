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
  /** No more than so many bytes a second go to the server. */
  readonly sentBytesPerSecond?: number;
  /** After so many bytes from the server nothing more comes, and nothing is closed. */
  readonly stallAfterBytes?: number;
  /** After so many bytes to the server nothing more is taken, and nothing is closed. */
  readonly stallAfterSentBytes?: number;
  /** Of what comes from the server, this byte is another. */
  readonly corruptByte?: number;
  /** The server's side is closed after so many bytes, as if it had said all; ours stays open. */
  readonly halfCloseAfterBytes?: number;
  /** The first request is answered with this instead, and the connection closed. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

/** A TCP proxy that breaks what goes through it as it is told. */
export interface FaultProxy {
  readonly url: string;
  /** How many connections have been made. */
  readonly connections: number;
  /** How many bytes have gone to the server. */
  readonly sentBytes: number;
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
  let sentBytes = 0;
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
    if (fault.answer) {
      refuse(client, fault.answer);
      return;
    }
    const upstream = keep(connect(target));
    const cut = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    void carry(client, upstream, cut, {
      limit: fault.cutAfterSentBytes,
      stallAfter: fault.stallAfterSentBytes,
      bytesPerSecond: fault.sentBytesPerSecond,
      count: (bytes) => (sentBytes += bytes),
    }).catch(() => {});
    void carry(upstream, client, cut, {
      limit: fault.cutAfterBytes,
      stallAfter: fault.stallAfterBytes,
      endAfter: fault.halfCloseAfterBytes,
      corruptByte: fault.corruptByte,
      delayMs: fault.delayMs,
    }).catch(() => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get sentBytes() {
      return sentBytes;
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

/** What may happen to one direction of a connection. */
interface Carrying {
  readonly limit?: number | undefined;
  readonly stallAfter?: number | undefined;
  readonly endAfter?: number | undefined;
  readonly corruptByte?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly count?: (bytes: number) => void;
}

async function carry(from: Socket, to: Socket, cut: () => void, how: Carrying): Promise<void> {
  const { limit = Infinity, stallAfter = Infinity, endAfter = Infinity, corruptByte = -1 } = how;
  const end = Math.min(limit, stallAfter, endAfter);
  let passed = 0;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (how.delayMs) await pause(how.delayMs);
    if (how.bytesPerSecond) await pause((chunk.length / how.bytesPerSecond) * 1000);
    const part = chunk.subarray(0, Math.min(end - passed, chunk.length));
    const wrong = corruptByte - passed;
    if (wrong >= 0 && wrong < part.length) part[wrong]! ^= 1;
    passed += part.length;
    how.count?.(part.length);
    await new Promise((resolve) => to.write(part, resolve));
    if (passed < end) continue;
    if (end === limit) return cut();
    if (end === endAfter) to.end();
    // Whoever sends is kept waiting: the connection is there, and nothing moves.
    from.pause();
    await once(from, "close");
    return;
  }
  to.end();
}

/** Answers what comes over `client` once its head is there; a body on its way is not waited for. */
function refuse(client: Socket, answer: NonNullable<Fault["answer"]>): void {
  const { status, headers = {} } = answer;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  client.once("data", () => {
    client.end(
      `HTTP/1.1 ${status} No\r\n${lines.join("")}content-length: 0\r\nconnection: close\r\n\r\n`,
    );
    client.resume();
  });
}
