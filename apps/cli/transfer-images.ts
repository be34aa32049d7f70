import { RegistryError } from "@entrepot/oci";
import { copyTag, type CopySource, type CopyTarget, eachOf } from "@entrepot/registry";
import type { Call } from "./call.ts";
import { progressLine } from "./progress.ts";

/** A tag to be carried over. */
export interface ImageTag {
  readonly repository: string;
  readonly tag: string;
}

/** What a transfer did. Bytes are those that moved. */
export interface Transferred {
  readonly images: number;
  readonly bytes_sent: number;
  /** Images whose tag named the same digest there before. */
  readonly unchanged: number;
  /** Images found at the target with the digest they had at the source. */
  readonly compared: number;
}

/** Repositories by name. */
interface Side<T> {
  repository(name: string): T;
}

/** Images under way at a time. */
const AT_ONCE = 4;
const MOST_REASONS = 10;

/**
 * Copies `images` with all that refers to them, and compares both sides at the end. What is there
 * already is not moved again, so that a transfer that broke off is continued by another. Throws
 * UNKNOWN if one failed or differs, having tried the others; CANCELLED by Ctrl-C.
 */
export async function transferImages(
  call: Pick<Call, "terminal" | "signal">,
  images: readonly ImageTag[],
  [source, target]: readonly [Side<CopySource>, Side<CopyTarget>],
): Promise<Transferred> {
  const line = progressLine(call.terminal);
  const totals = { done: 0, failed: 0, total: images.length, bytesSent: 0, bytesTotal: 0 };
  const wanted = new Map<ImageTag, string>();
  const reasons: string[] = [];
  let unchanged = 0;
  const show = () => line.show(totals);

  const carry = async (image: ImageTag) => {
    const from = source.repository(image.repository);
    const to = target.repository(image.repository);
    const content = await from.resolve(image.tag);
    // Deleted since it was listed: then it need not be there either.
    if (!content) return;
    wanted.set(image, content.digest);
    const { bytesSent } = await copyTag(from, to, image.tag, content, {
      referrers: true,
      signal: call.signal,
      onBytes: (bytes) => {
        totals.bytesSent += bytes;
        show();
      },
      onExpected: (bytes) => void (totals.bytesTotal += bytes),
    });
    if (bytesSent === 0) unchanged++;
  };
  try {
    await eachOf(images, AT_ONCE, async (image) => {
      try {
        await carry(image);
        totals.done++;
      } catch (error) {
        if (call.signal.aborted) throw error;
        totals.failed++;
        reasons.push(`${image.repository}:${image.tag}: ${(error as Error).message}`);
      }
      show();
    });
    const compared = await compare(target, wanted, reasons);
    refuse(call, reasons, images.length);
    return { images: images.length, bytes_sent: totals.bytesSent, unchanged, compared };
  } finally {
    line.clear();
  }
}

async function compare(
  target: Side<CopyTarget>,
  wanted: ReadonlyMap<ImageTag, string>,
  reasons: string[],
): Promise<number> {
  let same = 0;
  await eachOf([...wanted], AT_ONCE, async ([{ repository, tag }, digest]) => {
    const found = await target.repository(repository).resolve(tag);
    if (found?.digest === digest) same++;
    else
      reasons.push(`${repository}:${tag}: is ${found?.digest ?? "missing"} there, not ${digest}`);
  });
  return same;
}

function refuse({ terminal }: Pick<Call, "terminal">, reasons: string[], total: number): void {
  if (reasons.length === 0) return;
  for (const reason of reasons.slice(0, MOST_REASONS)) terminal.note(reason);
  throw new RegistryError(
    "UNKNOWN",
    `${reasons.length} of ${total} images failed; the same command goes on where it stopped`,
  );
}
