import { setTimeout as pause } from "node:timers/promises";
import type { Fetch, FetchRequest, FetchResponse } from "@entrepot/distribution/client";
import type { Bytes } from "@entrepot/oci";
import type { Chance } from "./seed.ts";

/** What may happen to a request on its way. */
export type Mishap =
  | "none"
  /** Nobody takes the connection. */
  | "refused"
  /** The connection breaks before anything has been applied. */
  | "request lost"
  /** The connection breaks after all has been applied. */
  | "answer lost"
  /** Only the first bytes of the body arrive. */
  | "request cut"
  /** Only the first bytes of the answer's body arrive. */
  | "answer cut"
  /** Somebody on the way sends a PUT or DELETE twice; the second answer counts. */
  | "sent twice";

const MISHAPS: readonly Exclude<Mishap, "none">[] = [
  "refused",
  "request lost",
  "answer lost",
  "request cut",
  "answer cut",
  "sent twice",
];

/** How a link behaves now. */
export interface Weather {
  /** How likely a request meets with a mishap, from 0 to 1. */
  readonly mishaps: number;
  /** The longest wait before a request arrives, and again before its answer does. */
  readonly delayMs: number;
  /** What a body's bytes take on their way, each way; at once if absent. */
  readonly bytesPerSecond?: number;
}

/** A link that does what it should. */
export const CALM: Weather = { mishaps: 0, delayMs: 0 };

/** One direction between two registries. */
export interface Link {
  readonly chance: Chance;
  readonly weather: () => Weather;
  /** Names both ends as they are now, so that a crash changes it; null while nothing passes. */
  readonly line: () => string | null;
}

/** `send` over a link that misbehaves as its chance has it. Requests overtake each other. */
export function faultyLink(send: Fetch, { chance, weather, line }: Link): Fetch {
  return async (url, request = {}) => {
    const { mishap, bytes, thereMs, backMs } = fateOf(chance, weather());
    const pace = () => weather().bytesPerSecond ?? Infinity;
    const began = line();
    const check = () => {
      if (began === null || line() !== began) throw broken("ECONNRESET", "the line is dead");
    };
    if (began === null || mishap === "refused") throw broken("ECONNREFUSED", "refused");
    if (thereMs > 0) await pause(thereMs);
    check();
    if (mishap === "request lost") throw broken("ECONNRESET", mishap);

    const cut = mishap === "request cut" ? bytes : Infinity;
    const arriving = withBody(request, (body) => upTo(cut, slowly(body, pace), () => undefined));
    let response = await send(url, arriving);
    if (mishap === "sent twice" && isRepeated(request)) {
      await readOut(response);
      response = await send(url, request);
    }
    if (mishap === "answer lost" || mishap === "request cut" || line() !== began) {
      await readOut(response);
      throw broken("ECONNRESET", mishap);
    }
    if (backMs > 0) await pause(backMs);
    const left = mishap === "answer cut" ? bytes : Infinity;
    const body = response.body && upTo(left, slowly(response.body, pace), check);
    return { status: response.status, headers: response.headers, body };
  };
}

/** Always draws as many numbers, so that one fate does not change what follows it. */
function fateOf(chance: Chance, { mishaps, delayMs }: Weather) {
  const meets = chance.random() < mishaps;
  const mishap: Mishap = chance.oneOf(MISHAPS);
  const bytes = chance.between(0, 600);
  const thereMs = chance.between(0, delayMs);
  const backMs = chance.between(0, delayMs);
  return { mishap: meets ? mishap : ("none" as Mishap), bytes, thereMs, backMs };
}

function isRepeated({ method, body }: FetchRequest): boolean {
  const isWhole = body === undefined || body instanceof Uint8Array;
  return isWhole && (method === "PUT" || method === "DELETE");
}

function withBody(request: FetchRequest, carry: (body: Bytes) => Bytes): FetchRequest {
  const { body } = request;
  if (body === undefined) return request;
  return { ...request, body: carry(body instanceof Uint8Array ? once(body) : body) };
}

/** `body` at the pace that the weather allows at each piece. */
async function* slowly(body: Bytes, bytesPerSecond: () => number): Bytes {
  for await (const chunk of body) {
    const ms = (chunk.length / bytesPerSecond()) * 1_000;
    if (ms >= 1) await pause(ms);
    yield chunk;
  }
}

async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}

/** The first `left` bytes of `body`; if it has more, the connection breaks there. */
async function* upTo(left: number, body: Bytes, check: () => void): Bytes {
  for await (const chunk of body) {
    check();
    if (chunk.length > left) {
      if (left > 0) yield chunk.subarray(0, left);
      throw broken("ECONNRESET", "cut");
    }
    left -= chunk.length;
    yield chunk;
  }
}

async function readOut({ body }: FetchResponse): Promise<void> {
  try {
    for await (const _ of body ?? []);
  } catch {
    // Nobody gets to see this answer anyway.
  }
}

function broken(code: string, why: string): Error {
  return Object.assign(new Error(`simulated: ${why}`), { code });
}
