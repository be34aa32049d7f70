import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { lookup } from "node:dns";
import type { Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords } from "./append-records.ts";
import { forwardRecords } from "./forward-syslog.ts";
import { openSigner } from "./signer.ts";
import { type SyslogTarget, syslogTarget } from "./syslog.ts";

const signer = openSigner(Buffer.alloc(32, 7));

async function opened(): Promise<Catalog> {
  const { catalog, close } = await testCatalog();
  onTestFinished(close);
  return catalog;
}

async function record(catalog: Catalog, resources: readonly string[]): Promise<void> {
  const events = resources.map((resource): AuditEvent => ({
    at: new Date("2026-02-03T04:05:06.789Z"),
    kind: "login",
    operation: "login",
    resourceType: "session",
    resource,
    project: null,
    actor: 'an"n]\\',
    address: "192.0.2.7",
    userAgent: "",
    result: resource === "refused" ? "denied" : "success",
    cause: "r1",
    seq: null,
    detail: {},
  }));
  await catalog.transaction((db) => appendRecords(db, signer, events));
}

const send = (catalog: Catalog, target: SyslogTarget) =>
  forwardRecords(catalog, { target, host: "reg.example", lookup });

/** A receiver over TCP, which may break off. */
async function receiver(take: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, take);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { target: { protocol: "tcp", host: "127.0.0.1", port } as const, server };
}

/** What is in frames of counted octets. Source: RFC 6587 §3.4.1. */
function unframed(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(" ", at);
    const length = Number(bytes.subarray(at, space).toString());
    messages.push(bytes.subarray(space + 1, space + 1 + length).toString());
    at = space + 1 + length;
  }
  return messages;
}

test("records go over TCP in order, as RFC 5424 has them, each once if all goes well", async () => {
  const catalog = await opened();
  const parts: Buffer[] = [];
  const { target } = await receiver((socket) => {
    socket.on("data", (part) => parts.push(part));
    socket.on("end", () => socket.end());
  });
  await record(catalog, ["before it was turned on"]);
  expect(await send(catalog, target)).toBe(0);
  await record(catalog, ["first", "中文\nline", "refused"]);
  expect([await send(catalog, target), await send(catalog, target)]).toEqual([3, 0]);
  const messages = unframed(Buffer.concat(parts));
  expect(messages).toHaveLength(3);
  const rfc5424 =
    /^<(\d+)>1 (\S+) reg\.example entrepot - login \[entrepot@32473 (.+?)(?<!\\)\] \uFEFF(\{.*\})$/;
  const parsed = messages.map((message) => rfc5424.exec(message)!);
  expect(parsed.map(([, priority]) => priority)).toEqual(["110", "110", "108"]);
  expect(parsed[0]![2]).toBe("2026-02-03T04:05:06.789Z");
  expect(parsed[0]![3]).toContain(String.raw`actor="an\"n\]\\"`);
  expect(parsed.map(([, , , , json]) => JSON.parse(json!).resource)).toEqual([
    "first",
    "中文\nline",
    "refused",
  ]);
  expect(JSON.parse(parsed[2]![4]!)).toMatchObject({
    n: 4,
    hash: expect.stringMatching(/^\w{64}$/),
  });
});

test("what a receiver did not take to the end is sent again", async () => {
  const catalog = await opened();
  const received: string[][] = [];
  let breaks = true;
  const { target, server } = await receiver((socket) => {
    const parts: Buffer[] = [];
    socket.on("error", () => {});
    socket.on("data", (part) => {
      parts.push(part);
      if (breaks) socket.resetAndDestroy();
    });
    socket.on("end", () => {
      received.push(unframed(Buffer.concat(parts)));
      socket.end();
    });
  });
  await send(catalog, target);
  await record(catalog, ["first", "second"]);
  await expect(send(catalog, target)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  breaks = false;
  expect(await send(catalog, target)).toBe(2);
  expect(received.map((messages) => messages.length)).toEqual([2]);
  server.close();
  await once(server, "close");
  await record(catalog, ["third"]);
  await expect(send(catalog, target)).rejects.toThrow(/cannot be sent to syslog.*they are kept/);
});

test("records go over UDP, a packet each", async () => {
  const catalog = await opened();
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const target = { protocol: "udp", host: "127.0.0.1", port: socket.address().port } as const;
  await send(catalog, target);
  await record(catalog, ["first"]);
  const arrived = once(socket, "message");
  expect(await send(catalog, target)).toBe(1);
  const [packet] = (await arrived) as [Buffer];
  expect(packet.toString()).toMatch(/^<110>1 2026-.*"resource":"first"/);
});

test.each([
  ["tcp://syslog.example:601", { protocol: "tcp", host: "syslog.example", port: 601 }],
  ["udp://[::1]:514", { protocol: "udp", host: "::1", port: 514 }],
  ["syslog:514", { protocol: "tcp", host: "syslog", port: 514 }],
  ["syslog", null],
  ["http://syslog:514", null],
  ["tcp://syslog:0", null],
  ["tcp://syslog:65536", null],
  ["tcp://a b:514", null],
])("%s is where syslog goes", (text, target) => {
  expect(syslogTarget(text)).toEqual(target);
});
