import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux gives to outgoing connections, so that a restart gets it again. */
const FIRST = 20_000;
const LAST = 32_000;

/** A port of 127.0.0.1 on which nothing listens, and which stays free while its server is down. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const server = createServer().listen(port, "127.0.0.1");
    const free = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} after 100 tries`);
}
