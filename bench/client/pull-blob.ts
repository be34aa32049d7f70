/** A child process that pulls an address and throws its bytes away, for machines without curl. */
import { httpClient } from "./http-client.ts";

/** What the child is to do. */
export interface PullOrder {
  readonly url: string;
  readonly authorization: string | null;
  readonly path: string;
}

const order = JSON.parse(process.argv[2]!) as PullOrder;
const client = httpClient(order.url, order.authorization);

process.once("message", async () => {
  const { bodyBytes } = await client.send({ method: "GET", target: order.path }, 200);
  process.send!({ bodyBytes });
  client.close();
  process.disconnect();
});
process.send!("ready");
