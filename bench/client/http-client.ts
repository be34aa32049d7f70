import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { once } from "node:events";
import type { Content } from "./content.ts";

/** A request to a registry. `target` is a path, or a whole address as in `Location`. */
export interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT";
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Content;
}

/** An answer; its body was read and thrown away, up to its length. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bodyBytes: number;
}

/** Speaks to one registry over connections that it keeps. */
export interface HttpClient {
  /** Sends `ask`. Throws an Error if the answer is none of `expected`. */
  send(ask: Ask, ...expected: number[]): Promise<Answer>;
  close(): void;
}

/** A client of the registry at `url`, with as many connections as there are requests at a time. */
export function httpClient(url: string, authorization: string | null): HttpClient {
  const agent = new Agent({ keepAlive: true });

  async function send(ask: Ask, ...expected: number[]): Promise<Answer> {
    const { method, target, body } = ask;
    const headers: Record<string, string | number> = {
      ...ask.headers,
      ...(method.startsWith("P") && { "content-length": body?.sizeBytes ?? 0 }),
      ...(authorization !== null && { authorization }),
    };
    const outgoing = request(new URL(target, url), { method, agent, headers });
    const answered = once(outgoing, "response");
    // An answer may come, or the connection break, before all is written.
    answered.catch(() => undefined);
    for (const piece of body?.pieces() ?? []) {
      if (!outgoing.write(piece)) await Promise.race([once(outgoing, "drain"), answered]);
    }
    outgoing.end();
    const [response] = await answered;
    let bodyBytes = 0;
    let start = "";
    for await (const piece of response) {
      bodyBytes += piece.length;
      if (response.statusCode >= 400 && start.length < 500) start += piece;
    }
    if (expected.includes(response.statusCode)) {
      return { status: response.statusCode, headers: response.headers, bodyBytes };
    }
    throw new Error(`${method} ${target} at ${url}: ${response.statusCode} ${start}`);
  }

  return { send, close: () => agent.destroy() };
}
