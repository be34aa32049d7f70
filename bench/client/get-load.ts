import type { Bench } from "../bench.ts";
import type { Peer } from "../peers.ts";
import { runProgram } from "../run-program.ts";
import { MANIFEST } from "./push-image.ts";
import { runChild } from "./run-child.ts";
import type { GetOrder } from "./get-many.ts";

/** Connections that ask at a time. */
export const CONNECTIONS = 32;

/**
 * Manifests a second that `peer` serves at `path` for `seconds`, asked by wrk, or by a child of
 * ours where wrk is missing. Throws an Error if any answer is not 200.
 */
export async function getsPerSecond(
  bench: Bench,
  peer: Peer,
  repository: string,
  path: string,
  seconds: number,
): Promise<number> {
  const authorization = await peer.authorization(repository);
  if (bench.programs.wrk === null) {
    const order: GetOrder = {
      url: peer.url,
      authorization,
      path,
      accept: MANIFEST,
      connections: CONNECTIONS,
      seconds,
    };
    return (await runChild<{ perSecond: number }>(bench, "get-many.ts", order)).perSecond;
  }
  const headers = [`Accept: ${MANIFEST}`];
  if (authorization !== null) headers.push(`Authorization: ${authorization}`);
  const flags = ["-t", "1", "-c", String(CONNECTIONS), "-d", `${seconds}s`];
  for (const header of headers) flags.push("-H", header);
  const printed = await runProgram(bench.cleanup, "wrk", [...flags, `${peer.url}${path}`]);
  if (/Non-2xx|Socket errors/.test(printed)) {
    throw new Error(`${peer.name} failed under load at ${path}: ${printed}`);
  }
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1]);
}
