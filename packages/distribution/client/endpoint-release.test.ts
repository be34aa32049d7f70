import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bytes } from "@entrepot/oci";
import { expect, onTestFinished, test } from "vitest";
import { endpointFetch } from "./endpoint-fetch.ts";

const PIECE = 1 << 20;
const SENT = randomBytes(24 * PIECE);
const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Takes what comes in gusts, so that sockets are full most of the time; answers with its sum. */
async function slowServer() {
  const server = createServer(async (incoming, outgoing) => {
    const hash = createHash("sha256");
    for await (const chunk of incoming) {
      hash.update(chunk as Buffer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    outgoing.end(hash.digest("hex"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("pieces of a body are given back, but not before they have gone out", async () => {
  const url = await slowServer();
  const fetch = endpointFetch();
  onTestFinished(() => fetch.close());
  let given = 0;
  const body: Bytes = {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < SENT.length; at += PIECE) {
        yield Uint8Array.from(SENT.subarray(at, at + PIECE));
      }
    },
    release(piece) {
      given++;
      piece.fill(0);
    },
  };
  const headers = { "content-length": String(SENT.length) };
  const answer = await fetch(url, { method: "PUT", headers, body });
  const pieces = await Array.fromAsync(answer.body!);
  expect(Buffer.concat(pieces).toString()).toBe(sum(SENT));
  expect(given).toBe(24);
});

test("pieces of an answer can be given back, and the others stay whole", async () => {
  const server = createServer((_, outgoing) => outgoing.end(SENT));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const fetch = endpointFetch();
  onTestFinished(() => fetch.close());
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const hash = createHash("sha256");
  for await (const piece of answer.body!) {
    hash.update(piece);
    answer.body!.release!(piece);
  }
  expect(hash.digest("hex")).toBe(sum(SENT));
});
