import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { digestOf } from "@entrepot/oci";
import type { Algorithm, Descriptor, Digest } from "@entrepot/oci";

/** A registry under test. */
export interface Target {
  /** Without a path: `http://127.0.0.1:5050`. */
  readonly url: string;
  /** Sent with every request, such as Authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  /** An existing project into which `headers` may push; default `library`. */
  readonly project?: string;
  close(): Promise<void>;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  readonly json: any;
  /** The error code in the envelope, if there is one. */
  readonly code: string | undefined;
}

/** What goes into a request. */
export interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | string;
}

/** A client that says exactly what it is told to and checks nothing: the tests do. */
export interface Peer {
  readonly url: string;
  /** What is sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** A repository's name that nobody has used yet. */
  newRepository(): string;
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Like `send`, but `path` goes out byte for byte. */
  sendRaw(method: string, path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Pushes `bytes` by POST and PUT. */
  pushBlob(name: string, bytes: Uint8Array, algorithm?: Algorithm): Promise<Descriptor>;
  /** Puts `manifest` at `reference` (default: its digest). */
  putManifest(name: string, manifest: object, reference?: string): Promise<Pushed>;
  /** Starts an upload and returns where it continues. */
  startUpload(name: string, query?: string): Promise<string>;
}

/** A manifest that has been pushed. */
export interface Pushed {
  readonly answer: Answer;
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

/** A peer of the target that `target()` gives once it has started. */
export function peerOf(target: () => Target): Peer {
  const peer: Peer = {
    get url() {
      return target().url;
    },
    get headers() {
      return target().headers ?? {};
    },
    newRepository: () => `${target().project ?? "library"}/r-${randomBytes(6).toString("hex")}`,
    async send(method, path, { headers, body } = {}) {
      const response = await fetch(new URL(path, target().url), {
        method,
        headers: { ...target().headers, ...headers },
        body: body as RequestInit["body"],
        redirect: "manual",
        ...(body instanceof ReadableStream ? { duplex: "half" as const } : {}),
      } as RequestInit);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return answerOf(response.status, response.headers, bytes);
    },
    sendRaw: (method, path, headers) => sendRaw(target(), method, path, headers),
    async pushBlob(name, bytes, algorithm = "sha256") {
      const digest = digestOf(bytes, algorithm);
      const location = await peer.startUpload(name, `digest-algorithm=${algorithm}`);
      const done = await peer.send("PUT", withDigest(location, digest), { body: bytes });
      if (done.status !== 201) throw new Error(`pushing a blob: ${done.status} ${done.code}`);
      return { mediaType: "application/octet-stream", digest, size: bytes.byteLength };
    },
    async putManifest(name, manifest, reference) {
      const bytes = Buffer.from(JSON.stringify(manifest));
      const { mediaType } = manifest as { mediaType: string };
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
      const path = `/v2/${name}/manifests/${reference ?? descriptor.digest}`;
      const headers = { "Content-Type": mediaType };
      const answer = await peer.send("PUT", path, { body: bytes, headers });
      return { answer, bytes, descriptor };
    },
    async startUpload(name, query = "") {
      const path = `/v2/${name}/blobs/uploads/${query && `?${query}`}`;
      const answer = await peer.send("POST", path);
      const location = answer.headers.get("location");
      if (answer.status === 202 && location) return location;
      throw new Error(`starting an upload: ${answer.status} ${answer.code}`);
    },
  };
  return peer;
}

/** `location` with `digest` in its query, whatever else is there. */
export function withDigest(location: string, digest: Digest): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

/** `size` bytes that no other call returns. */
export function randomBlob(size = 512): Buffer {
  return randomBytes(size);
}

function sendRaw(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(target.url);
  return new Promise((resolve, reject) => {
    const all = { ...target.headers, ...headers };
    const sent = httpRequest({ hostname, port, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const pairs = Object.entries(response.headers).map(([key, value]) => [key, String(value)]);
        const got = new Headers(Object.fromEntries(pairs));
        resolve(answerOf(response.statusCode ?? 0, got, Buffer.concat(chunks)));
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

function answerOf(status: number, headers: Headers, bytes: Uint8Array): Answer {
  const isJson = headers.get("content-type")?.includes("json") && bytes.byteLength > 0;
  const json = isJson ? JSON.parse(Buffer.from(bytes).toString()) : undefined;
  return { status, headers, bytes, json, code: json?.errors?.[0]?.code };
}
