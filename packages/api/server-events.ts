import type { ApiClientOptions } from "./client.ts";
import { textLines } from "./text-lines.ts";

/** An event as a server sends it. Source: WHATWG HTML §9.2, Server-sent events. */
export interface ServerEvent {
  readonly event: string;
  /** Empty if it has none. */
  readonly id: string;
  readonly data: string;
}

/** The events that `path` sends, as they come, until it ends. Throws as `textLines`. */
export async function* serverEvents(
  options: ApiClientOptions,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const asked = signal ? { signal } : {};
  let fields: Record<string, string> = {};
  for await (const line of textLines(options, path, "text/event-stream", asked)) {
    const [, name = "", value = ""] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (name !== "") {
      const before = name === "data" && fields["data"] !== undefined ? `${fields["data"]}\n` : "";
      fields[name] = before + value;
    } else if (line === "" && fields["data"] !== undefined) {
      yield { event: fields["event"] ?? "message", id: fields["id"] ?? "", data: fields["data"] };
      fields = {};
    }
  }
}
