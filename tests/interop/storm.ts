import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { type Served, serveRaw } from "./serve.ts";

/** What stands in front of a registry and lets through only so much. */
export interface Storm extends Served {
  /** How many requests were answered 429. */
  readonly refused: number;
  /** For `forMs` from now everything is refused; then no more than `perSecond` goes through. */
  limit(forMs: number, perSecond: number): void;
}

/** A front of the registry at `behind`, which answers 429 as it is told. */
export async function rateStorm(behind: string): Promise<Storm> {
  let [opensAt, perSecond, second, passed, refused] = [0, Infinity, 0, 0, 0];

  const mayPass = () => {
    const now = Date.now();
    if (now < opensAt) return false;
    const begun = Math.floor(now / 1000);
    if (begun !== second) [second, passed] = [begun, 0];
    return ++passed <= perSecond;
  };
  const served = await serveRaw((incoming, outgoing) => {
    if (mayPass()) return passOn(behind, incoming, outgoing);
    refused++;
    // The body is read: a connection that breaks off would be another failure.
    incoming.resume();
    incoming.once("end", () => outgoing.writeHead(429, { "retry-after": "1" }).end());
  });
  return {
    ...served,
    get refused() {
      return refused;
    },
    limit(forMs, rate) {
      [opensAt, perSecond] = [Date.now() + forMs, rate];
    },
  };
}

function passOn(behind: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(new URL(url!, behind), { method: method!, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
