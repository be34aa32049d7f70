import type { Bench } from "../bench.ts";
import type { Peer } from "../peers.ts";
import { runProgram } from "../run-program.ts";
import type { PullOrder } from "./pull-blob.ts";
import { runChild } from "./run-child.ts";

/** Pulls `path` of `peer` once, with curl or a child of ours; the bytes are thrown away. */
export async function pullOnce(
  bench: Bench,
  peer: Peer,
  repository: string,
  path: string,
): Promise<{ bodyBytes: number; seconds: number }> {
  const authorization = await peer.authorization(repository);
  if (bench.programs.curl === null) {
    const order: PullOrder = { url: peer.url, authorization, path };
    let started = 0;
    const before = () => (started = performance.now());
    const { bodyBytes } = await runChild<{ bodyBytes: number }>(
      bench,
      "pull-blob.ts",
      order,
      before,
    );
    return { bodyBytes, seconds: (performance.now() - started) / 1000 };
  }
  const flags = ["-sS", "--fail", "-o", "/dev/null", "-w", "%{size_download} %{time_total}"];
  if (authorization !== null) flags.push("-H", `Authorization: ${authorization}`);
  const printed = await runProgram(bench.cleanup, "curl", [...flags, `${peer.url}${path}`]);
  const [bodyBytes = 0, seconds = 0] = printed.split(" ").map(Number);
  return { bodyBytes, seconds };
}
