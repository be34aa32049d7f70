import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer as createHttp, type Server } from "node:http";
import { createServer as createHttps, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { Config } from "./config.ts";
import type { Handler } from "./http.ts";
import type { Log } from "./log.ts";

/** A server that listens. */
export interface Listening {
  /** `http(s)://host:port`, with the port that was bound. */
  readonly url: string;
  /** Takes no more connections, lets running requests end for up to `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Longest head of a request, in bytes; beyond it Node answers 431. */
const HEAD_BYTES = 32 << 10;

/** How often a server that closes looks for connections on which nothing is under way any more. */
const IDLE_LOOK_MS = 50;

/** Listens as `config` says. Throws one clear line when the address cannot be had. */
export async function listen(
  config: Pick<Config, "host" | "port" | "tls">,
  handler: Handler,
  log: Log,
): Promise<Listening> {
  const { host, port, tls } = config;
  const listener = getRequestListener((request, bindings) => handler(request, bindings as never));
  const options = { maxHeaderSize: HEAD_BYTES, requestTimeout: 0, headersTimeout: 60_000 };
  const server: Server | HttpsServer = tls
    ? createHttps({ ...options, ...(await readTls(tls)) }, listener)
    : createHttp(options, listener);
  server.keepAliveTimeout = 75_000;

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(unavailable(error, host, port)));
    server.listen({ host, port, backlog: 1024 }, resolve);
  });
  const stopWatching = tls ? reloadOnChange(server as HttpsServer, tls, log) : () => undefined;
  const { port: bound } = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${tls ? "https" : "http"}://${shown}:${bound}`,
    async close(graceMs) {
      stopWatching();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Those, too, whose answer ends only now: clients would keep them open.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}

async function readTls({ cert, key }: NonNullable<Config["tls"]>) {
  const [certText, keyText] = await Promise.all([readFile(cert), readFile(key)]);
  return { cert: certText, key: keyText };
}

/** New connections use the new certificate; a pair that does not fit is reported and not taken. */
function reloadOnChange(
  server: HttpsServer,
  tls: NonNullable<Config["tls"]>,
  log: Log,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const reload = async () => {
    try {
      server.setSecureContext(await readTls(tls));
      log.info("the TLS certificate has been read again");
    } catch (error) {
      log.error({ err: error }, "the new TLS certificate does not do; the old one stays");
    }
  };
  // Certificates are often replaced by renaming, so the folders are watched; writes come in bursts.
  const folders = new Set([dirname(tls.cert), dirname(tls.key)]);
  const watchers = [...folders].map((folder) =>
    watch(folder, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void reload(), 200);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

function unavailable(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  if (error.code === "EADDRINUSE") {
    return new Error(`${where} is in use by another program; choose another --listen`);
  }
  if (error.code === "EACCES") {
    return new Error(`${where} may not be listened on by this user; choose a port above 1023`);
  }
  return new Error(`cannot listen on ${where}: ${error.message}`);
}
