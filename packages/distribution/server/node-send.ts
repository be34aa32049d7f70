import type { ServerResponse } from "node:http";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { HeaderList } from "./reply.ts";

/** A long body on its way to whoever asked. */
export interface Sending {
  readonly status: number;
  readonly headers: HeaderList;
  readonly bytes: Bytes;
  /** Bytes promised. */
  readonly length: number;
  /** Hears why it broke off, unless the client has gone. */
  readonly onBroken: (error: unknown) => void;
}

/** Sends a long body by a shorter way than `Response.body`, and says so by its answer. */
export type Send = (sending: Sending) => Promise<Response>;

/**
 * Writes straight to a Node response: a web stream in between costs as much again as all the rest
 * of a pull. Reads only as fast as the client takes it, and no further when it has gone. Too few
 * or too many bytes break the connection, so that nobody takes them for the content. `sent` is
 * what tells the HTTP server that it has nothing left to do.
 */
export function nodeSend(outgoing: ServerResponse, sent: Response): Send {
  return async ({ status, headers, bytes, length, onBroken }) => {
    outgoing.writeHead(status, headers);
    let left = length;
    try {
      for await (const chunk of bytes) {
        left -= chunk.byteLength;
        if (left < 0) break;
        // Until then the socket reads from it; where writing failed it may do so even later.
        const onWritten = (error?: Error | null) => {
          if (!error) bytes.release?.(chunk);
        };
        if (!outgoing.write(chunk, onWritten)) await drained(outgoing);
        if (outgoing.destroyed) return sent;
      }
      if (left !== 0) {
        throw new RegistryError("INTEGRITY", `the content is not the ${length} bytes promised`);
      }
      outgoing.end();
    } catch (error) {
      onBroken(error);
      outgoing.destroy();
    }
    return sent;
  };
}

/** When more can be written, or nobody is there to write to. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}
