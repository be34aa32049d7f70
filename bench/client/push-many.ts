/**
 * A child process that pushes images of one layer: says that it is ready, starts at `go`, and says
 * how long it took. Content is made and hashed before, and connections are opened.
 */
import { contentMaker } from "./content.ts";
import { httpClient } from "./http-client.ts";
import { pushImage } from "./push-image.ts";

/** What the child is to do. */
export interface PushOrder {
  readonly url: string;
  readonly authorization: string | null;
  readonly repository: string;
  /** Distinguishes the tags of this run from those of others. */
  readonly run: string;
  readonly layerBytes: number;
  readonly count: number;
  /** Pushes at a time. */
  readonly concurrency: number;
}

const order = JSON.parse(process.argv[2]!) as PushOrder;
const client = httpClient(order.url, order.authorization);
const make = contentMaker(order.layerBytes);
const warm = contentMaker(32);

/** Pushes `count` images of what `makeLayer` makes, `concurrency` at a time. */
async function pushAll(name: string, count: number, makeLayer: typeof make): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) {
      const { repository, run } = order;
      await pushImage(client, { repository, tags: [`${name}-${run}-${n}`], layers: [makeLayer()] });
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, worker));
}

await pushAll("warm", order.concurrency * 2, warm);
process.once("message", async () => {
  const started = performance.now();
  await pushAll("image", order.count, make);
  process.send!({ seconds: (performance.now() - started) / 1000 });
  client.close();
  process.disconnect();
});
process.send!("ready");
