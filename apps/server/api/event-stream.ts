import { routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { happenedOf, type Happened } from "../change-feed.ts";
import { type ApiOptions, type App, requires } from "./app.ts";
import { type MayBeTold, openMayBeTold } from "./may-be-told.ts";
import { untilRevoked, type Watch } from "./until-revoked.ts";

/** Streams at a time: per node, and per caller. */
const [MOST_STREAMS, MOST_OF_ONE] = [500, 20];
/** What waits for one stream at most, and what it is told at most of what it missed. */
const MOST_WAITING = 1_000;
/** After so long without news a comment is sent, so that nobody takes the line for dead. */
const QUIET_MS = 15_000;
/** A stream ends then; whoever follows comes again, and proves anew who it is. */
const LONGEST_MS = 10 * 60_000;

/** Adds the stream of what happens. */
export function addEventStream(app: App, options: ApiOptions): void {
  const streams = new Map<string, number>();
  let all = 0;
  const middleware = requires(options, "account");

  app.openapi({ ...routes.eventStream.follow, middleware }, (context) => {
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    // Whoever asks for the headers reads no body: nothing would ever end it.
    if (context.req.method === "HEAD") return new Response(null, { headers }) as never;
    const { project, after } = context.req.valid("query");
    const identity = context.get("identity");
    const open = streams.get(identity.name) ?? 0;
    if (all >= MOST_STREAMS || open >= MOST_OF_ONE) {
      const message = `too many event streams are open (${open} of yours); ask again later`;
      throw new RegistryError("TOOMANYREQUESTS", message);
    }
    all++;
    streams.set(identity.name, open + 1);
    const release = () => {
      all--;
      const left = streams.get(identity.name)! - 1;
      if (left > 0) streams.set(identity.name, left);
      else streams.delete(identity.name);
    };
    const given = context.req.header("last-event-id");
    const from = /^\d{1,15}$/.test(given ?? "") ? Number(given) : (after ?? null);
    const watch = untilRevoked(options, context);
    const signals = [watch.signal, context.req.raw.signal, options.closing];
    const end = AbortSignal.any(signals.filter((one) => one !== undefined));
    const told = openMayBeTold(options, identity, project ?? null);
    const events = follow(options, { from, told, end, watch, release });
    const body = ReadableStream.from(events).pipeThrough(new TextEncoderStream());
    return new Response(body, { headers }) as never;
  });
}

interface Stream {
  /** The last seq that the caller knows; null: none. */
  readonly from: number | null;
  readonly told: MayBeTold;
  readonly end: AbortSignal;
  readonly watch: Watch;
  readonly release: () => void;
}

async function* follow(
  { feed, catalog }: Pick<ApiOptions, "feed" | "catalog">,
  { from, told, end, watch, release }: Stream,
): AsyncGenerator<string> {
  const endsAt = Date.now() + LONGEST_MS;
  const inbox = openInbox(end);
  const stopWatching = watch.begin();
  let stop = () => {};
  try {
    stop = await feed.follow(inbox.put);
    const head = await catalog.head();
    let last = from === null || from > head ? head : from;
    yield `event: ready\nid: ${last}\ndata: ${JSON.stringify({ seq: last })}\n\n`;
    const missed = await catalog.entries(last, MOST_WAITING + 1);
    if ((from ?? 0) > head || missed.length > MOST_WAITING) {
      last = head;
      yield resetEvent(last);
    } else inbox.put(missed.map(happenedOf), "first");

    while (!end.aborted && Date.now() < endsAt) {
      const { happened, overflowed } = inbox.take();
      if (overflowed) yield resetEvent((last = await catalog.head()));
      for (const one of happened) {
        if (one.event === "change" && one.seq <= last) continue;
        if (one.event === "change") last = one.seq;
        if ((await told(one)) && !end.aborted) yield eventOf(one);
      }
      if (happened.length === 0 && !(await inbox.filled(QUIET_MS))) yield ": nothing new\n\n";
    }
  } finally {
    stop();
    stopWatching();
    release();
  }
}

/** What waits for one stream: bounded, so that a slow one costs no memory. */
function openInbox(end: AbortSignal) {
  let waiting: Happened[] = [];
  let overflowed = false;
  let wake = () => {};
  end.addEventListener("abort", () => wake(), { once: true });
  return {
    put(happened: readonly Happened[], where: "first" | "last" = "last") {
      waiting = where === "first" ? [...happened, ...waiting] : [...waiting, ...happened];
      if (waiting.length > 2 * MOST_WAITING) {
        waiting = [];
        overflowed = true;
      }
      wake();
    },
    take() {
      const taken = { happened: waiting, overflowed };
      waiting = [];
      overflowed = false;
      return taken;
    },
    /** False if nothing has come within `ms`. */
    async filled(ms: number): Promise<boolean> {
      if (waiting.length > 0 || overflowed || end.aborted) return true;
      let timer: NodeJS.Timeout | undefined;
      const came = await new Promise<boolean>((resolve) => {
        wake = () => resolve(true);
        timer = setTimeout(() => resolve(false), ms);
        timer.unref();
      });
      clearTimeout(timer);
      wake = () => {};
      return came;
    },
  };
}

function resetEvent(seq: number): string {
  return `event: reset\nid: ${seq}\ndata: ${JSON.stringify({ seq })}\n\n`;
}

function eventOf(one: Happened): string {
  if (one.event === "change") {
    const { kind, key, seq, at, isGone, cause } = one;
    const data = JSON.stringify({ kind, key, seq, at, deleted: isGone, cause });
    return `event: change\nid: ${seq}\ndata: ${data}\n\n`;
  }
  const { id, vendor, vendorId, status } = one.change;
  const data = JSON.stringify({ id, vendor, vendor_id: vendorId, status, at: one.at });
  return `event: execution\ndata: ${data}\n\n`;
}
