import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";

/** What one request sends. */
export interface Said {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Writes down an exchange as it goes. */
export interface Recorder {
  /** A line of explanation before the next request. */
  note(text: string): void;
  /** Sends a request, writes both sides down, and returns the answer's headers. */
  send(method: string, path: string, said?: Said): Promise<Headers>;
  /** Compares what was written with the file `name`.txt; UPDATE_GOLDEN=1 replaces the file. */
  compare(name: string): Promise<void>;
}

/** Headers that differ from run to run or belong to the connection, not to the API. */
const LEFT_OUT = new Set(["date", "connection", "keep-alive", "transfer-encoding"]);
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A recorder of exchanges with the registry at `url`. Random ids become `<id 1>`, `<id 2>` … */
export function recorder(url: string): Recorder {
  const lines: string[] = [];
  const ids = new Map<string, string>();
  const stable = (text: string) =>
    text.replace(UUID, (id) => {
      if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
      return ids.get(id) ?? id;
    });
  return {
    note(text) {
      lines.push(`# ${text}`, "");
    },
    async send(method, path, { headers = {}, body } = {}) {
      lines.push(`> ${method} ${path}`);
      for (const [key, value] of Object.entries(headers)) lines.push(`> ${key}: ${value}`);
      lines.push(...shownBody(">", body));
      const sent = { method, headers, body } as RequestInit;
      const answer = await fetch(new URL(path, url), sent);
      lines.push("", `< ${answer.status}`);
      for (const [key, value] of answer.headers) {
        if (!LEFT_OUT.has(key)) lines.push(`< ${key}: ${value}`);
      }
      lines.push(...shownBody("<", new Uint8Array(await answer.arrayBuffer())), "", "");
      return answer.headers;
    },
    async compare(name) {
      const file = join(import.meta.dirname, `${name}.txt`);
      const written = stable(lines.join("\n")).trimEnd().concat("\n");
      if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, written);
      const golden = await readFile(file, "utf8").catch(() => "");
      expect(written, `differs from ${name}.txt; UPDATE_GOLDEN=1 replaces it`).toBe(golden);
    },
  };
}

function shownBody(mark: string, body: Uint8Array | string | undefined): string[] {
  if (body === undefined || body.length === 0) return [];
  const text = Buffer.from(body).toString();
  const readable = /^[\x20-\x7e]+$/.test(text);
  return [mark, readable ? `${mark} ${text}` : `${mark} (${Buffer.byteLength(body)} bytes)`];
}
