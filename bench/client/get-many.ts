/**
 * A child process that asks for one address over and over, for machines without wrk: a request at a
 * time on each connection, no pipelining. Says how many answers a second came.
 */
import { httpClient } from "./http-client.ts";

/** What the child is to do. */
export interface GetOrder {
  readonly url: string;
  readonly authorization: string | null;
  readonly path: string;
  readonly accept: string;
  readonly connections: number;
  readonly seconds: number;
}

const order = JSON.parse(process.argv[2]!) as GetOrder;
const client = httpClient(order.url, order.authorization);
const ask = { method: "GET", target: order.path, headers: { accept: order.accept } } as const;
await client.send(ask, 200);

process.once("message", async () => {
  const started = performance.now();
  const end = started + order.seconds * 1000;
  let answers = 0;
  const worker = async () => {
    for (; performance.now() < end; answers++) await client.send(ask, 200);
  };
  await Promise.all(Array.from({ length: order.connections }, worker));
  process.send!({ perSecond: answers / ((performance.now() - started) / 1000) });
  client.close();
  process.disconnect();
});
process.send!("ready");
