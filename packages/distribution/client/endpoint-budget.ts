import { setTimeout as pauseFor } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { timedOut } from "./connection-error.ts";
import type { Fetch, FetchRequest, FetchResponse } from "./fetch.ts";
import { rateGate } from "./rate-gate.ts";
import { releasing as passingOn } from "@entrepot/registry";
import { discard } from "./response-body.ts";
import { parseRetryAfter } from "./response-error.ts";

/** What all requests to one endpoint may do together. */
export interface EndpointBudget {
  /**
   * `fetch` within the budget: at most `limit` requests at a time, answers read to their end
   * included. A 429 or 503 halves that and holds everybody back for as long as it says; what can be
   * sent again is. Throws TOOMANYREQUESTS with `retryAfterMs` rather than wait for long.
   */
  within(fetch: Fetch): Fetch;
  /** Requests that may be under way at present. */
  readonly limit: number;
}

/** What a budget starts from. */
export interface BudgetOptions {
  /** Requests at a time at most. */
  readonly most: number;
  /** Unix time in milliseconds. */
  readonly clock?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
  /** From 0 to 1, for spreading those who waited together. */
  readonly random?: () => number;
}

/** Longest wait within a request. What has to wait for longer leaves its worker to others. */
const LONGEST_WAIT_MS = 20_000;
const MOST_REPEATS = 8;
/** After a refusal that names no time: doubling up to the longest wait. */
const FIRST_WAIT_MS = 500;

/**
 * A budget that finds out how much the endpoint bears: it starts with all it may, halves at a 429,
 * a 503 or a timeout (once per round of requests), and grows by one per round that went well.
 */
export function endpointBudget(options: BudgetOptions): EndpointBudget {
  const { most, clock = Date.now, random = Math.random } = options;
  const pause = options.pause ?? ((ms) => pauseFor(ms, undefined, { ref: false }));
  const slots = adaptiveSlots(most);
  const gate = rateGate(clock);
  let heldUntil = 0;
  let refusals = 0;

  /** Waits until `request` may be sent; then it holds a slot. */
  async function admitted(url: string, request: FetchRequest): Promise<void> {
    for (;;) {
      const waitMs = Math.max(heldUntil, gate.readyAt(url, request)) - clock();
      if (waitMs > LONGEST_WAIT_MS) throw tooMany(url, waitMs);
      if (waitMs > 0) {
        await pause(waitMs * (1 + random() / 10));
        continue;
      }
      await slots.take(isRead(request));
      if (Math.max(heldUntil, gate.readyAt(url, request)) <= clock()) break;
      slots.give(isRead(request));
    }
    gate.began(url, request);
  }

  function refused(response: FetchResponse, round: number): number {
    if (slots.shrink(round)) refusals++;
    const doubling = Math.min(FIRST_WAIT_MS * 2 ** Math.min(refusals - 1, 8), LONGEST_WAIT_MS);
    const waitMs = parseRetryAfter(response.headers.get("retry-after"), clock()) ?? doubling;
    heldUntil = Math.max(heldUntil, clock() + waitMs);
    return waitMs;
  }

  const once = async (fetch: Fetch, url: string, request: FetchRequest) => {
    await admitted(url, request);
    const round = slots.round;
    const done = () => slots.give(isRead(request));
    try {
      const response = await fetch(url, request);
      gate.heard(response);
      if (!isRefusal(response)) {
        refusals = 0;
        slots.grow();
        return { response: releasing(response, done), waitMs: 0 };
      }
      return { response: releasing(response, done), waitMs: refused(response, round) };
    } catch (error) {
      done();
      if (timedOut(error)) slots.shrink(round);
      throw error;
    }
  };

  return {
    get limit() {
      return slots.limit;
    },
    within:
      (fetch) =>
      async (url, request = {}) => {
        for (let repeat = 0; ; repeat++) {
          const { response, waitMs } = await once(fetch, url, request);
          const mayRepeat = waitMs <= LONGEST_WAIT_MS && repeat < MOST_REPEATS;
          if (!isRefusal(response) || !mayRepeat || !isRepeatable(request)) return response;
          await discard(response);
        }
      },
  };
}

/** At most `limit` takers at a time, in their order; the limit moves between 1 and `most`. */
function adaptiveSlots(most: number) {
  let limit = most;
  let taken = 0;
  let reads = 0;
  let successes = 0;
  let round = 0;
  const waiting: { isRead: boolean; go: () => void }[] = [];
  // One read is always let in: a copy within one registry holds a write while it waits to read.
  const fits = (isReading: boolean) => taken < limit || (isReading && reads === 0);
  const enter = (isReading: boolean) => {
    taken++;
    if (isReading) reads++;
  };
  const next = () => {
    for (;;) {
      const at = waiting.findIndex((one) => fits(one.isRead));
      if (at < 0) return;
      const [one] = waiting.splice(at, 1);
      enter(one!.isRead);
      one!.go();
    }
  };
  return {
    get limit() {
      return limit;
    },
    /** Requests of one round are judged together. */
    get round() {
      return round;
    },
    async take(isReading: boolean): Promise<void> {
      if (waiting.length === 0 && fits(isReading)) return enter(isReading);
      await new Promise<void>((go) => waiting.push({ isRead: isReading, go }));
    },
    give(isReading: boolean): void {
      taken--;
      if (isReading) reads--;
      next();
    },
    grow(): void {
      if (limit === most || ++successes < limit) return;
      successes = 0;
      limit++;
      next();
    },
    /** False if another request of its round has done so. */
    shrink(of: number): boolean {
      if (of !== round) return false;
      round++;
      successes = 0;
      limit = Math.max(1, Math.floor(limit / 2));
      return true;
    },
  };
}

/** `response`, whose slot is given back when its body has been read or let go. */
function releasing(response: FetchResponse, done: () => void): FetchResponse {
  const { status, headers, body } = response;
  if (!body) {
    done();
    return response;
  }
  async function* reading(bytes: Bytes): Bytes {
    try {
      yield* bytes;
    } finally {
      done();
    }
  }
  return { status, headers, body: passingOn(reading(body), body) };
}

function isRefusal({ status }: FetchResponse): boolean {
  return status === 429 || status === 503;
}

function isRead({ method = "GET" }: FetchRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** Refused is not done: anything may be sent again whose body is still there. */
function isRepeatable({ body }: FetchRequest): boolean {
  return body === undefined || body instanceof Uint8Array;
}

function tooMany(url: string, waitMs: number): RegistryError {
  const { host } = new URL(url);
  const message = `${host} limits our rate; nothing is sent for ${Math.ceil(waitMs / 1000)} s`;
  return new RegistryError("TOOMANYREQUESTS", message, { detail: { retryAfterMs: waitMs } });
}
